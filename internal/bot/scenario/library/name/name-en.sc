# The same name: $Name of name.sc knows English.
require: name.sc
