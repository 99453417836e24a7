# The same names: every pattern of currency.sc knows English.
require: currency.sc
