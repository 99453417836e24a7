# The same names: every pattern of number.sc knows English.
require: number.sc
