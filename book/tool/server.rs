//! Serves the pages on this machine, and builds them again when their sources have changed.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError, RwLock};
use std::time::Duration;
use std::{fmt, fs};

use anyhow::Result;

use crate::listener::Listener;
use crate::site::{Site, Stamp};

/// How long a browser may take to say what it wants. Some open connections in advance.
const PATIENCE: Duration = Duration::from_secs(10);

/// The longest request in bytes.
const LONGEST: usize = 64 << 10;

/// A server of the book's pages, reachable from this machine only.
pub struct Server {
    listener: Listener,
    site: Site,
    /// The state of the sources when the pages were last built, or when it was last tried.
    built: Mutex<Stamp>,
    /// Held to write while the pages are replaced, to read while one is read.
    pages: RwLock<()>,
}

impl Server {
    /// Builds the pages, and takes the first free port from `first` on. With 0, any free one.
    ///
    /// # Errors
    ///
    /// If the pages cannot be built, if no port is free, or if no thread can be started.
    pub fn start(site: Site, first: u16) -> Result<Server> {
        let built = site.stamp()?;
        site.build()?;
        Ok(Server {
            listener: Listener::open(first)?,
            site,
            built: Mutex::new(built),
            pages: RwLock::new(()),
        })
    }

    /// The address to give to a browser.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.listener.address())
    }

    /// The port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.listener.address().port()
    }

    /// Answers requests until [`stop`](Server::stop) is called.
    pub fn run(&self) {
        // A browser that has gone away is no reason to stop.
        let serve = |connection| drop(self.converse(connection));
        let refuse = |connection| drop(refuse(connection));
        self.listener.run(serve, refuse);
    }

    /// Lets [`run`](Server::run) return, once the open connections are answered.
    pub fn stop(&self) {
        self.listener.stop();
    }

    /// Answers one request. To connect again costs nothing on the same machine.
    fn converse(&self, mut connection: TcpStream) -> io::Result<()> {
        connection.set_read_timeout(Some(PATIENCE))?;
        connection.set_write_timeout(Some(PATIENCE))?;
        let (answer, with_body) = match Asked::read(&mut connection)? {
            Asked::For { url, with_body } => (self.answer(&url), with_body),
            Asked::ForAnotherMethod => (Answer::plain("405 Method Not Allowed"), true),
            Asked::Nonsense => (Answer::plain("400 Bad Request"), true),
            Asked::Nothing => return Ok(()),
        };
        answer.send(connection, with_body)
    }

    fn answer(&self, url: &str) -> Answer {
        let file = file_named(url);
        if file.as_ref().is_some_and(|file| is_page(file)) {
            self.keep_up();
        }
        let _reading = self.pages.read().unwrap_or_else(PoisonError::into_inner);
        let read = |file: &Path| fs::read(self.site.pages().join(file)).ok();
        let found = file.and_then(|file| Some((read(&file)?, content_type(&file))));
        match (found, read(Path::new("404.html"))) {
            (Some((body, content_type)), _) => Answer {
                status: "200 OK",
                content_type,
                body,
            },
            (None, Some(body)) => Answer {
                status: "404 Not Found",
                content_type: content_type(Path::new("404.html")),
                body,
            },
            (None, None) => Answer::plain("404 Not Found"),
        }
    }

    /// Builds the pages again if their sources have changed.
    fn keep_up(&self) {
        let mut built = self.built.lock().unwrap_or_else(PoisonError::into_inner);
        let Ok(stamp) = self.site.stamp() else {
            return;
        };
        if stamp == *built {
            return;
        }
        // Also if it fails: one message for each attempt of the author is enough.
        *built = stamp;
        let _writing = self.pages.write().unwrap_or_else(PoisonError::into_inner);
        match self.site.build() {
            // If nobody reads that, the browser does not mind.
            Ok(()) => drop(writeln!(io::stdout(), "built again")),
            Err(error) => command::tell(&error.context("the pages are those from before")),
        }
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("listener", &self.listener)
            .field("site", &self.site)
            .finish_non_exhaustive()
    }
}

/// What a browser wants.
enum Asked {
    For {
        url: String,
        /// Whether it wants the page, or only to know about it.
        with_body: bool,
    },
    ForAnotherMethod,
    Nonsense,
    Nothing,
}

impl Asked {
    fn read(connection: &mut TcpStream) -> io::Result<Asked> {
        let mut bytes = Vec::new();
        let mut more = [0; 4096];
        while bytes.len() < LONGEST {
            let count = connection.read(&mut more)?;
            if count == 0 {
                return Ok(Asked::Nothing);
            }
            bytes.extend_from_slice(&more[..count]);
            let mut headers = [httparse::EMPTY_HEADER; 100];
            let mut request = httparse::Request::new(&mut headers);
            match request.parse(&bytes) {
                Ok(httparse::Status::Partial) => {}
                Ok(httparse::Status::Complete(_)) => {
                    let url = request.path.unwrap_or_default().to_owned();
                    return Ok(match request.method {
                        Some("GET") => Asked::For {
                            url,
                            with_body: true,
                        },
                        Some("HEAD") => Asked::For {
                            url,
                            with_body: false,
                        },
                        _ => Asked::ForAnotherMethod,
                    });
                }
                Err(_) => break,
            }
        }
        Ok(Asked::Nonsense)
    }
}

struct Answer {
    status: &'static str,
    content_type: String,
    body: Vec<u8>,
}

impl Answer {
    fn plain(status: &'static str) -> Answer {
        Answer {
            status,
            content_type: "text/plain; charset=utf-8".to_owned(),
            body: format!("{status}\n").into_bytes(),
        }
    }

    fn send(self, mut connection: TcpStream, with_body: bool) -> io::Result<()> {
        // Pages change while they are written: a browser has to ask each time.
        write!(
            connection,
            "HTTP/1.1 {}\r\nContent-Type: {}\r\nContent-Length: {}\r\nAllow: GET, HEAD\r\n\
             Cache-Control: no-cache\r\nConnection: close\r\n\r\n",
            self.status,
            self.content_type,
            self.body.len()
        )?;
        if with_body {
            connection.write_all(&self.body)?;
        }
        connection.shutdown(Shutdown::Write)?;
        // What is still unread when a connection is closed destroys the answer on its way.
        io::copy(&mut connection.take(LONGEST as u64), &mut io::sink())?;
        Ok(())
    }
}

/// There is no place for this connection. It is told, as far as that can be done without waiting: a
/// request that is still on its way may destroy the answer, and then the browser sees a closed
/// connection.
fn refuse(connection: TcpStream) -> io::Result<()> {
    connection.set_nonblocking(true)?;
    Answer::plain("503 Service Unavailable").send(connection, true)
}

/// The file that a URL asks for, relative to the pages. `None` if it is none below them.
fn file_named(url: &str) -> Option<PathBuf> {
    let path = url.split(['?', '#']).next()?.strip_prefix('/')?;
    let mut file = PathBuf::new();
    for part in path.split('/') {
        // Windows has more ways to leave a folder than `..`.
        if part == ".." || part.contains(['\\', ':', '\0']) {
            return None;
        }
        file.push(part);
    }
    if path.is_empty() || path.ends_with('/') {
        file.push("index.html");
    }
    Some(file)
}

fn is_page(file: &Path) -> bool {
    file.extension()
        .is_some_and(|extension| extension == "html")
}

fn content_type(file: &Path) -> String {
    let kind = mime_guess::from_path(file).first_or_octet_stream();
    if kind.type_() == mime_guess::mime::TEXT {
        format!("{kind}; charset=utf-8")
    } else {
        kind.to_string()
    }
}
