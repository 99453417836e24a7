# The same names: every pattern of dateTime.sc knows English.
require: dateTime.sc
