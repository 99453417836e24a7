# The same names: every pattern of patterns.sc has its English words.
require: patterns.sc
