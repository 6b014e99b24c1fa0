//! `cargo book`: builds the book and serves it.

#![warn(clippy::print_stderr, clippy::print_stdout)]

use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Error, Result, ensure};
use book::figure;
use book::preprocessor::PoolBook;
use book::repository::Repository;
use book::server::Server;
use book::site::Site;
use book::trace::Run;
use clap::{Parser, Subcommand};
use command::{Names, println};
use mdbook_preprocessor::Preprocessor;
use tracing_subscriber::filter::LevelFilter;

/// Builds the book and serves it on this machine.
#[derive(Debug, Parser)]
#[command(bin_name = "cargo book", args_conflicts_with_subcommands = true)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    serving: Serving,
}

#[derive(Debug, clap::Args)]
struct Serving {
    #[command(flatten)]
    target: Target,
    /// Show the book in a browser
    #[arg(long)]
    open: bool,
    /// The first port to try; 0 is any free one
    #[arg(long, default_value_t = 3000)]
    port: u16,
}

#[derive(Debug, clap::Args)]
struct Target {
    /// Where to put the pages, if not in `book` within cargo's target folder. A built book that is
    /// there is replaced
    #[arg(short, long, value_name = "FOLDER")]
    dest_dir: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Builds the pages and serves them, as without a command
    Serve(Serving),
    /// Builds the pages and does not serve them
    Build(Target),
    /// Expands the directives, for a plain `mdbook build book`
    Preprocess {
        #[command(subcommand)]
        question: Option<Question>,
    },
    /// Writes a recorded run as a picture
    Draw {
        /// The run is read from book/traces/NAME.json
        #[arg(value_parser = Names::new(runs, "ls book/traces"))]
        name: String,
        /// The picture, an SVG file
        #[arg(short, long, value_name = "FILE")]
        output: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
enum Question {
    /// Whether the preprocessor works for a renderer
    Supports {
        /// The renderer's name
        renderer: String,
    },
}

fn main() -> ExitCode {
    // mdBook warns of dubious HTML and the like.
    tracing_subscriber::fmt()
        .with_max_level(LevelFilter::WARN)
        .with_writer(io::stderr)
        .with_target(false)
        .without_time()
        .init();
    let arguments = Arguments::parse();
    command::run(|| run(arguments))
}

fn run(arguments: Arguments) -> Result<()> {
    let book = Path::new(env!("CARGO_MANIFEST_DIR"));
    match arguments.command {
        None => serve(book, arguments.serving),
        Some(Command::Serve(serving)) => serve(book, serving),
        Some(Command::Build(target)) => {
            let site = Site::new(book, target.dest_dir)?;
            site.build()?;
            println!(
                "the book is in {}",
                site.pages().join("index.html").display()
            );
            Ok(())
        }
        Some(Command::Preprocess { question: None }) => preprocess(),
        Some(Command::Preprocess {
            question: Some(Question::Supports { renderer }),
        }) => {
            // mdBook asks for the exit code alone.
            ensure!(
                PoolBook.supports_renderer(&renderer)?,
                "{renderer} is not supported"
            );
            Ok(())
        }
        Some(Command::Draw { name, output }) => {
            let run = Run::recorded(&Repository::around(book)?, &name)?;
            fs::write(&output, figure::standalone(&run))
                .with_context(|| format!("{} cannot be written", output.display()))
        }
    }
}

fn serve(book: &Path, serving: Serving) -> Result<()> {
    let site = Site::new(book, serving.target.dest_dir)?;
    let server = Server::start(site, serving.port)?;
    println!("the book is at {} (stop with Ctrl-C)", server.url());
    if serving.open
        && let Err(error) = open::that(server.url())
    {
        command::tell(&Error::new(error).context("no browser could be opened"));
    }
    server.run();
    Ok(())
}

/// The names of the recorded runs.
fn runs() -> Result<Vec<String>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("traces");
    let entries =
        fs::read_dir(&folder).with_context(|| format!("{} cannot be listed", folder.display()))?;
    let name = |entry: fs::DirEntry| Some(entry.path().file_stem()?.to_str()?.to_owned());
    let mut names: Vec<_> = entries.flatten().filter_map(name).collect();
    names.sort();
    Ok(names)
}

/// mdBook's protocol: the book comes in as JSON and goes out as JSON.
fn preprocess() -> Result<()> {
    let (context, book) = mdbook_preprocessor::parse_input(io::stdin().lock())?;
    let book = PoolBook.run(&context, book)?;
    let mut out = BufWriter::new(io::stdout().lock());
    serde_json::to_writer(&mut out, &book)?;
    out.flush()?;
    Ok(())
}
