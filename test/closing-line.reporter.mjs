/** Ends every run with the one line `N passed, N failed, N skipped`; a file that fails to load counts as failed. */
export default class ClosingLineReporter {
  onRunComplete(_contexts, results) {
    const failed = results.numFailedTests + results.testResults.filter(file => file.testExecError).length
    const skipped = results.numPendingTests + results.numTodoTests
    const line = `${results.numPassedTests} passed, ${failed} failed, ${skipped} skipped`
    const reasons = new Set(results.testResults.flatMap(file => file.testResults).filter(test => test.status === 'pending')
      .flatMap(test => test.ancestorTitles).filter(title => title.includes('(skipped: ')))
    process.once('exit', () => process.stdout.write([...reasons, line].map(text => `${text}\n`).join('')))
  }
}
