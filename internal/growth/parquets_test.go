package growth

var parquets = []structure{}
