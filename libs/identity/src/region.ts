/** A province-level division (GB/T 2260). */
export interface ProvinceDivision {
  /** 6 digits, e.g. `350000`. */
  readonly code: string
  readonly zh: string
  readonly en: string
  /** The short name in use between provinces: 浙, 闽, 赣. */
  readonly short: string
  /** First day, YYYY-MM-DD, where the code came up after the standard's first edition. */
  readonly since?: string
}

const province = (code: string, zh: string, en: string, short: string, since?: string): ProvinceDivision => ({ code: `${code}0000`, zh, en, short, ...(since === undefined ? {} : { since }) })

/** State of 2026-01-01; no province-level code has been abolished since GB/T 2260-1980, so numbers of any age find theirs. */
export const PROVINCES: readonly ProvinceDivision[] = Object.freeze([
  province('11', '北京市', 'Beijing', '京'), province('12', '天津市', 'Tianjin', '津'), province('13', '河北省', 'Hebei', '冀'),
  province('14', '山西省', 'Shanxi', '晋'), province('15', '内蒙古自治区', 'Inner Mongolia', '蒙'),
  province('21', '辽宁省', 'Liaoning', '辽'), province('22', '吉林省', 'Jilin', '吉'), province('23', '黑龙江省', 'Heilongjiang', '黑'),
  province('31', '上海市', 'Shanghai', '沪'), province('32', '江苏省', 'Jiangsu', '苏'), province('33', '浙江省', 'Zhejiang', '浙'),
  province('34', '安徽省', 'Anhui', '皖'), province('35', '福建省', 'Fujian', '闽'), province('36', '江西省', 'Jiangxi', '赣'), province('37', '山东省', 'Shandong', '鲁'),
  province('41', '河南省', 'Henan', '豫'), province('42', '湖北省', 'Hubei', '鄂'), province('43', '湖南省', 'Hunan', '湘'), province('44', '广东省', 'Guangdong', '粤'),
  province('45', '广西壮族自治区', 'Guangxi', '桂'), province('46', '海南省', 'Hainan', '琼', '1988-04-26'),
  province('50', '重庆市', 'Chongqing', '渝', '1997-06-18'), province('51', '四川省', 'Sichuan', '川'), province('52', '贵州省', 'Guizhou', '黔'),
  province('53', '云南省', 'Yunnan', '滇'), province('54', '西藏自治区', 'Tibet', '藏'),
  province('61', '陕西省', 'Shaanxi', '陕'), province('62', '甘肃省', 'Gansu', '甘'), province('63', '青海省', 'Qinghai', '青'),
  province('64', '宁夏回族自治区', 'Ningxia', '宁'), province('65', '新疆维吾尔自治区', 'Xinjiang', '新'),
  province('71', '台湾省', 'Taiwan', '台'), province('81', '香港特别行政区', 'Hong Kong', '港', '1997-07-01'), province('82', '澳门特别行政区', 'Macao', '澳', '1999-12-20'),
])

const BY_PREFIX: ReadonlyMap<string, ProvinceDivision> = new Map(PROVINCES.map(p => [p.code.slice(0, 2), p]))

/** The province of a division code of any level, by its first two digits. `on` (YYYY-MM-DD): undefined when it did not exist that day. */
export function provinceByCode(division: string, on?: string): ProvinceDivision | undefined {
  const found = BY_PREFIX.get(division.slice(0, 2))
  return found?.since !== undefined && on !== undefined && on < found.since ? undefined : found
}

/** 6 digits of which not all are zero; whether the division exists is another question. */
export const isDivisionCode = (text: string): boolean => /^\d{6}$/.test(text) && text !== '000000'

/** `350000` of `350902`. */
export const provinceCodeOf = (division: string): string => `${division.slice(0, 2)}0000`
