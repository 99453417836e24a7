theme: /tags/globbed

    state: one
        q!: require by a glob
        a: A require may have a *.
