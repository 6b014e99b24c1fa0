//! Building: pages are whole or not there, however many build them at once, and nothing else is
//! replaced by them.

mod limit;
mod scratch;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::thread;

use book::site::Site;
use limit::within_a_minute;

const BUILDERS: usize = 4;
const TIMES: usize = 3;

fn small_book(name: &str) -> PathBuf {
    scratch::with_files(
        name,
        &[
            ("book/book.toml", "[book]\nsrc = \"src\"\n"),
            ("book/src/SUMMARY.md", "- [One](one.md)\n- [Two](two.md)\n"),
            ("book/src/one.md", "# One\n\nthe first text\n"),
            ("book/src/two.md", "# Two\n\nthe second text\n"),
        ],
    )
}

fn site(root: &Path, pages: &str) -> Site {
    Site::new(&root.join("book"), Some(root.join(pages))).unwrap()
}

/// Every file below a folder, by its path.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().to_owned();
                files.insert(name, fs::read(path).unwrap());
            }
        }
    }
    files
}

#[test]
fn builds_at_the_same_time_leave_whole_pages() {
    within_a_minute("building-at-once", || {
        let root = small_book("building-at-once");
        site(&root, "alone").build().unwrap();
        let line = Barrier::new(BUILDERS);
        thread::scope(|scope| {
            for _ in 0..BUILDERS {
                scope.spawn(|| {
                    line.wait();
                    for _ in 0..TIMES {
                        site(&root, "pages").build().unwrap();
                    }
                });
            }
        });
        assert_eq!(files(&root.join("pages")), files(&root.join("alone")));
        let left = fs::read_dir(&root).unwrap().count();
        assert_eq!(left, 3, "only the book and its pages are left");
    });
}

/// Between two renames there are none for a moment, but what can be opened is whole.
#[test]
fn a_page_is_never_half_of_it() {
    within_a_minute("building-while-read", || {
        let root = small_book("building-while-read");
        let site = site(&root, "pages");
        site.build().unwrap();
        let page = root.join("pages/one.html");
        let whole = fs::read(&page).unwrap();
        let over = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| {
                for _ in 0..TIMES {
                    site.build().unwrap();
                }
                over.store(true, SeqCst);
            });
            while !over.load(SeqCst) {
                if let Ok(read) = fs::read(&page) {
                    assert_eq!(read, whole);
                }
            }
        });
    });
}

#[test]
fn what_is_no_built_book_is_not_replaced() {
    let root = small_book("building-over-others");
    fs::create_dir_all(root.join("letters")).unwrap();
    fs::write(root.join("letters/dear.txt"), "dear").unwrap();
    for (name, about) in [
        ("letters", "is not a built book"),
        ("letters/dear.txt", "cannot be opened"),
    ] {
        let refused = Site::new(&root.join("book"), Some(root.join(name))).unwrap_err();
        assert!(format!("{refused:#}").contains(about), "{refused:#}");
    }
    assert_eq!(fs::read(root.join("letters/dear.txt")).unwrap(), b"dear");

    fs::create_dir_all(root.join("empty")).unwrap();
    for name in ["empty", "empty", "new/in/new"] {
        site(&root, name).build().unwrap();
        assert!(root.join(name).join("one.html").exists());
    }
}

/// Whatever the folder is called.
#[test]
fn pages_go_to_cargos_target_folder_by_default() {
    let root = small_book("building-by-default");
    let site = Site::new(&root.join("book"), None).unwrap();
    assert_eq!(site.pages(), command::target_folder().join("book"));
}
