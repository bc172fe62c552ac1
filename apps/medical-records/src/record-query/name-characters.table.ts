/**
 * Characters that are written in more than one way in registered names. Made by hand from the general list of standard characters
 * (通用规范汉字表, 2013), annex 1: traditional and variant forms of one standard character, as far as they are usual in names.
 *
 * Left out on purpose: characters that the list of 2013 made standard in their own right for names (喆 beside 哲, 堃 beside 坤, 昇 beside 升,
 * 淼 beside 渺, 於 beside 于), and popular substitutes that are another surname (肖 for 萧, 闫 for 阎, 付 for 傅, 代 for 戴).
 */
export const NAME_CHARACTERS = {
  version: '2026-11-01',
  /** Written form, standard form; pairs without separator. */
  pairs: '張张陳陈劉刘黃黄吳吴楊杨趙赵馬马許许鄭郑謝谢馮冯鄧邓葉叶蘇苏呂吕蔣蒋閻阎餘余鍾钟盧卢陸陆賈贾鄒邹蕭萧譚谭龔龚韓韩顧顾錢钱'
    + '湯汤羅罗賴赖龍龙萬万賀贺嚴严喬乔聶聂駱骆紀纪倫伦麗丽華华國国偉伟軍军強强彊强傑杰東东蘭兰鳳凤鵬鹏飛飞興兴義义榮荣貴贵寶宝'
    + '慶庆愛爱雲云艷艳豔艳麥麦靜静潔洁瑩莹曉晓紅红緑绿綠绿藍蓝銀银銘铭鋒锋錦锦鎮镇鐵铁鋼钢劍剑劒剑學学書书詩诗詞词語语誠诚謙谦'
    + '賢贤質质贇赟輝辉暉晖燁烨煒炜爍烁燦灿煥焕熾炽瑋玮瓊琼瓏珑璽玺環环禮礼禎祯壽寿穎颖頴颖積积穩稳維维綺绮緯纬縝缜績绩繼继續续'
    + '綱纲紹绍細细純纯紋纹練练線线綿绵緒绪編编縣县羣群習习聖圣聰聪聯联勝胜勳勋勛勋務务動动勵励勞劳協协單单衛卫廣广慮虑應应懷怀'
    + '憶忆戰战撫抚擁拥據据數数時时晉晋晝昼暢畅曄晔曆历會会機机權权樹树橋桥檸柠櫻樱歡欢歲岁氣气漢汉潤润澤泽濤涛濱滨瀾澜灣湾淨净'
    + '淸清渙涣滿满漁渔濟济濰潍災灾無无爾尔獻献現现產产畢毕異异當当發发盤盘眞真礎础離离種种稱称競竞節节築筑範范籃篮經经結结統统'
    + '總总縱纵職职聲声與与舉举蓮莲蘊蕴蘆芦號号衆众裏里補补見见規规視视覺觉親亲觀观計计訊讯訓训記记詠咏詳详誼谊諾诺諸诸謀谋讓让'
    + '豐丰負负財财貞贞貝贝費费資资賓宾賜赐趨趋躍跃軒轩輪轮輕轻運运達达遠远適适選选遷迁鄉乡醫医釋释鈞钧鈴铃鎧铠鐘钟鑄铸門门開开'
    + '閏闰閔闵間间關关陽阳陰阴階阶隨随難难雙双電电靈灵韋韦韻韵順顺領领頡颉題题顏颜願愿類类飄飘養养駿骏騰腾驊骅驍骁驕骄驥骥髮发'
    + '鬆松魯鲁鮮鲜鴻鸿鶴鹤鷹鹰鸞鸾黨党齊齐齡龄嶽岳峯峰嵐岚島岛峽峡崗岗師师帥帅幫帮幹干彥彦後后從从徹彻復复啟启啓启員员問问喚唤'
    + '嘯啸園园圓圆圖图堅坚塵尘奮奋婁娄嫻娴嬌娇嬋婵嬰婴孫孙寧宁寬宽實实審审將将尋寻對对導导層层屬属屆届嶺岭鞏巩沖冲冊册剛刚創创'
    + '劃划則则億亿儀仪優优倉仓側侧傳传價价侖仑來来俠侠個个們们備备',
} as const
