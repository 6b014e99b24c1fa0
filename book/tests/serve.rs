//! The server: what it answers, and that it keeps up with the text.

mod limit;
mod scratch;

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::channel;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use book::listener::{Listener, PLACES, THREADS};
use book::server::Server;
use book::site::Site;
use limit::within_a_minute;

/// A book of one chapter, and a server of its pages that is stopped at the end of the test.
fn with_server(name: &str, test: impl FnOnce(&Server, &Path)) {
    within_a_minute(name, || {
        let root = scratch::with_files(
            name,
            &[
                ("book/book.toml", "[book]\nsrc = \"src\"\n"),
                ("book/src/SUMMARY.md", "- [One](one.md)\n"),
                ("book/src/one.md", "# One\n\nthe first text\n"),
                ("secret.txt", "secret"),
            ],
        );
        let server = server(&root, 0);
        thread::scope(|scope| {
            scope.spawn(|| server.run());
            let _stop = StopAtTheEnd(&server);
            test(&server, &root);
        });
    });
}

fn server(root: &Path, port: u16) -> Server {
    let site = Site::new(&root.join("book"), Some(root.join("pages"))).unwrap();
    Server::start(site, port).unwrap()
}

struct StopAtTheEnd<'a>(&'a Server);

impl Drop for StopAtTheEnd<'_> {
    fn drop(&mut self) {
        self.0.stop();
    }
}

/// A listener that is stopped at the end of the test. What is refused is told "no".
fn with_listener(
    name: &str,
    serve: impl Fn(TcpStream) + Sync,
    test: impl FnOnce(&dyn Fn() -> TcpStream),
) {
    within_a_minute(name, || {
        let listener = Listener::open(0).unwrap();
        let refuse = |mut connection: TcpStream| connection.write_all(b"no").unwrap();
        thread::scope(|scope| {
            scope.spawn(|| listener.run(&serve, refuse));
            let connect = || TcpStream::connect(listener.address()).unwrap();
            // Also if the test panics: otherwise nobody would wait for it any more.
            let result = catch_unwind(AssertUnwindSafe(|| test(&connect)));
            listener.stop();
            result.unwrap_or_else(|payload| resume_unwind(payload));
        });
    });
}

/// All that comes until the other side closes the connection.
fn hear(mut connection: TcpStream) -> String {
    let mut heard = String::new();
    connection.read_to_string(&mut heard).unwrap();
    heard
}

/// The answer to one request, as it comes over the wire.
fn ask(port: u16, request: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    write!(
        stream,
        "{request}\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

fn get(server: &Server, path: &str) -> String {
    ask(server.port(), &format!("GET {path} HTTP/1.1"))
}

fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or(answer)
}

#[test]
fn pages_and_styles_are_served_with_their_types() {
    with_server("serve-types", |server, root| {
        assert!(server.url().starts_with("http://127.0.0.1:"));
        let index = get(server, "/");
        assert_eq!(status(&index), "200");
        assert!(index.contains("the first text"));
        assert!(
            index.contains("Content-Type: text/html; charset=utf-8"),
            "{index}"
        );
        assert!(index.contains("Cache-Control: no-cache"), "{index}");
        assert_eq!(status(&get(server, "/one.html?search=x#y")), "200");

        let css = fs::read_dir(root.join("pages/css"))
            .unwrap()
            .next()
            .unwrap()
            .unwrap();
        let css = get(
            server,
            &format!("/css/{}", css.file_name().to_str().unwrap()),
        );
        assert_eq!(status(&css), "200");
        assert!(css.contains("Content-Type: text/css"), "{css}");
    });
}

#[test]
fn what_is_not_there_is_not_found() {
    with_server("serve-404", |server, _| {
        for path in ["/nothing.html", "/nothing/", "/css", "/one.html/", "*"] {
            let answer = get(server, path);
            assert_eq!(status(&answer), "404", "{path}: {answer}");
        }
        assert!(
            get(server, "/nothing.html").contains("<html"),
            "mdBook's own page"
        );
    });
}

#[test]
fn nothing_outside_of_the_pages_is_served() {
    with_server("serve-traversal", |server, _| {
        for path in [
            "/../secret.txt",
            "/css/../../secret.txt",
            "/%2e%2e/secret.txt",
            "/..%2fsecret.txt",
            "/..\\secret.txt",
            "//secret.txt",
            "/C:/secret.txt",
            "../secret.txt",
        ] {
            let answer = get(server, path);
            assert_ne!(status(&answer), "200", "{path}");
            assert!(!answer.ends_with("secret"), "{path}");
        }
    });
}

#[test]
fn odd_requests_do_not_stop_the_server() {
    with_server("serve-odd", |server, _| {
        let head = ask(server.port(), "HEAD / HTTP/1.1");
        assert_eq!(status(&head), "200");
        assert!(head.ends_with("\r\n\r\n"), "a HEAD has no body: {head}");
        assert_eq!(
            status(&ask(server.port(), "POST / HTTP/1.1\r\nContent-Length: 0")),
            "405"
        );
        assert_eq!(status(&ask(server.port(), "BREW / HTTP/1.1")), "405");
        assert_eq!(status(&ask(server.port(), "no request at all")), "400");
        let long = format!("GET / HTTP/1.1\r\nX: {}", "x".repeat(100_000));
        assert_eq!(status(&ask(server.port(), &long)), "400");
        // Connections that say nothing, as browsers open them, many at once.
        let silent: Vec<_> = (0..10)
            .map(|_| TcpStream::connect(("127.0.0.1", server.port())).unwrap())
            .collect();
        assert_eq!(status(&get(server, "/")), "200");
        drop(silent);
        assert_eq!(status(&get(server, "/")), "200");
    });
}

#[test]
fn a_slow_client_holds_up_no_other() {
    with_server("serve-slow", |server, _| {
        let mut slow = TcpStream::connect(("127.0.0.1", server.port())).unwrap();
        write!(slow, "GET / HTTP/1.1\r\n").unwrap();
        for _ in 0..2 * THREADS {
            assert_eq!(status(&get(server, "/")), "200");
        }
        write!(slow, "\r\n").unwrap();
        assert_eq!(status(&hear(slow)), "200");
    });
}

#[test]
fn when_all_threads_and_places_are_taken_a_connection_is_refused_at_once() {
    let (begin, begun) = channel();
    let (open, gate) = channel::<()>();
    let gate = Mutex::new(gate);
    let serve = |mut connection: TcpStream| {
        begin.send(()).unwrap();
        // All wait, one of them with the lock, until the gate is open for good.
        let _ = gate.lock().unwrap_or_else(PoisonError::into_inner).recv();
        connection.write_all(b"yes").unwrap();
    };
    with_listener("serve-full", serve, |connect| {
        let mut served: Vec<_> = (0..THREADS).map(|_| connect()).collect();
        for _ in 0..THREADS {
            begun.recv().unwrap();
        }
        served.extend((0..PLACES).map(|_| connect()));
        assert_eq!(hear(connect()), "no");
        drop(open);
        for connection in served {
            assert_eq!(hear(connection), "yes");
        }
        assert_eq!(hear(connect()), "yes", "there are places again");
    });
}

#[test]
fn a_refused_browser_is_told_503() {
    with_server("serve-503", |server, _| {
        // They say nothing. One more than can be served, or wait, is told so.
        let (heard, first) = channel();
        thread::scope(|scope| {
            let connections: Vec<_> = (0..=THREADS + PLACES)
                .map(|_| TcpStream::connect(("127.0.0.1", server.port())).unwrap())
                .collect();
            for connection in &connections {
                let (mut connection, heard) = (connection.try_clone().unwrap(), heard.clone());
                scope.spawn(move || {
                    let mut answer = String::new();
                    let _ = connection.read_to_string(&mut answer);
                    let _ = heard.send(answer);
                });
            }
            assert_eq!(status(&first.recv().unwrap()), "503");
            for connection in connections {
                let _ = connection.shutdown(Shutdown::Both);
            }
        });
        while status(&get(server, "/")) != "200" {
            thread::yield_now();
        }
    });
}

#[test]
fn a_panic_costs_one_connection() {
    let serve = |mut connection: TcpStream| {
        let mut word = [0];
        connection.read_exact(&mut word).unwrap();
        assert_ne!(word, *b"!", "as it should");
        connection.write_all(b"yes").unwrap();
    };
    with_listener("serve-panic", serve, |connect| {
        for word in ["!", "?", "!", "?"] {
            let mut connection = connect();
            connection.write_all(word.as_bytes()).unwrap();
            assert_eq!(hear(connection), if word == "!" { "" } else { "yes" });
        }
    });
}

#[test]
fn a_stopped_listener_serves_what_it_has_accepted() {
    within_a_minute("a_stopped_listener_serves_what_it_has_accepted", || {
        let listener = Listener::open(0).unwrap();
        let (begin, begun) = channel();
        let serve = |mut connection: TcpStream| {
            begin.send(()).unwrap();
            // Until the listener has stopped, and the test has said so.
            connection.read_exact(&mut [0]).unwrap();
            connection.write_all(b"yes").unwrap();
        };
        thread::scope(|scope| {
            let running = scope.spawn(|| listener.run(serve, drop));
            let mut connection = TcpStream::connect(listener.address()).unwrap();
            begun.recv().unwrap();
            listener.stop();
            assert!(!running.is_finished());
            connection.write_all(b"!").unwrap();
            assert_eq!(hear(connection), "yes");
            running.join().unwrap();
        });
    });
}

#[test]
fn a_second_server_takes_the_next_port() {
    with_server("serve-ports", |first, root| {
        let second = server(root, first.port());
        assert!(second.port() > first.port());
    });
}

#[test]
fn a_changed_text_is_served_and_a_faulty_one_is_not() {
    with_server("serve-changes", |server, root| {
        let chapter = root.join("book/src/one.md");
        assert!(get(server, "/one.html").contains("the first text"));

        fs::write(&chapter, "# One\n\n{{#nonsense}}\n").unwrap();
        let answer = get(server, "/one.html");
        assert!(
            answer.contains("the first text"),
            "the pages from before: {answer}"
        );

        // As far as a directive can see, which is outside of the book.
        fs::write(&chapter, "# One\n\n{{#file secret.txt}}\n").unwrap();
        assert!(get(server, "/one.html").contains("secret"));
        fs::write(root.join("secret.txt"), "another text").unwrap();
        assert!(get(server, "/one.html").contains("another text"));
    });
}

/// The program as it is installed, and what it says first. It serves until it is killed.
fn program(name: &str) -> (Child, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_book"))
        .args(["--port", "0", "--dest-dir"])
        .arg(scratch::folder(name))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    (child, line)
}

fn port_in(line: &str) -> Option<u16> {
    let rest = line.strip_prefix("the book is at http://127.0.0.1:")?;
    rest.split(' ').next()?.parse().ok()
}

/// It says where the book is, and there it is.
#[test]
fn the_program_prints_its_address() {
    within_a_minute("the_program_prints_its_address", || {
        let (mut child, line) = program("serve-program");
        let answer = port_in(&line).map(|port| ask(port, "GET / HTTP/1.1"));
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(answer.as_deref().map(status), Some("200"), "{line}");
    });
}

/// As Ctrl-C does; but a test that a shell runs in the background, and what it starts, does not
/// hear that.
#[cfg(unix)]
#[test]
fn a_signal_ends_the_program_while_a_browser_says_nothing() {
    within_a_minute("a_signal_ends_the_program", || {
        let (mut child, line) = program("serve-signal");
        let silent = port_in(&line).map(|port| TcpStream::connect(("127.0.0.1", port)));
        let sent = Command::new("kill")
            .arg(child.id().to_string())
            .status()
            .is_ok_and(|status| status.success());
        if !sent {
            child.kill().unwrap();
        }
        child.wait().unwrap();
        assert!(matches!(silent, Some(Ok(_))), "{line}");
        assert!(sent);
    });
}
