# A file from another editor: a byte order mark, CRLF, tabs beside spaces.
theme: /tags

	state: byte order mark, CRLF, tabs
		q!: byte order mark
		a: read
        script:
			$reactions.answer("and run");

	state:
		q!: a state without a name
		a: It has a number: {{/\d+$/.test($context.currentState)}}.

	state:: two colons
		q!: two colons
		a: fine

	state: no space||noContext=true
		q!: no space||fromState=/tags/two colons
		a: fine|| html="<i>fine</i>",htmlEnabled=true

theme: /tags

    state: unknown parameters || colour = "red", modal = false
        q!: unknown parameters || speed = 5
        a: ignored

    state: values over lines
        q!: "values
            over lines"
        a: "one
            quotation"

    # Any letters, blanks and signs may be in a name.
    state: Имя с пробелами, «кавычками» и 🙂?
        q!: странное имя
        a: {{$context.currentState}}
        go!: /tags/Имя с пробелами, «кавычками» и 🙂?/внутри

        state: внутри
            a: внутри

    state: interval
        q!: interval
        a: soon
        timeout: /Start || interval = "0 h 0m 5s"

    # The parameters of a tag may stand on deeper lines.
    state: parameters on lines
        || noContext = true
        q!: parameters on lines
        a: lines
            || html = "<p>lines</p>", htmlEnabled = true
