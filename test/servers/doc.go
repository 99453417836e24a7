// Package servers starts the servers that tests and measurements need: a PostgreSQL cluster, an S3 and
// a Redis of their own, on free ports of the loopback, with data in a temporary directory. They
// can be stopped, killed, paused and started again on the same port, as they would be in the
// worst of nights.
//
//	pg := servers.NewPostgres(t)           // ends with the test
//	store := open(t, pg.NewDatabase(t))    // a database of its own, dropped with the test
//	pg.Kill()                              // and all its children
//	pg.Start(ctx)                          // same port, same data
//
//	pg, err := servers.StartPostgres(ctx, "")   // for TestMain and programs
//	defer pg.Close()
//	...
//	servers.Check(t, err)                       // in a test: skips when it is not installed
//
// A server does not outlive the process that started it, however that ends: a guard, a small
// process of its own, ends the server and removes its data when ours is gone.
//
// A server that is not installed skips the test, unless the environment says
// TEST_SERVERS=required. PostgreSQL refuses to run as root: it is then run as the user postgres.
//
// It needs Linux: the children of a server are found in /proc.
package servers
