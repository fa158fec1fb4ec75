//! One run at a time, and none that leaves anything half done.

use super::*;

#[test]
fn one_writer_at_a_time_says_who_it_is() {
    let base = tempfile::tempdir().unwrap();
    let dir = home(base.path());
    let locked = lock(&dir).unwrap();
    for refused in [
        Home::open(&dir).unwrap().lock(NO_WAIT, &holder()).map(drop),
        Home::open(&dir).unwrap().share(NO_WAIT).map(drop),
    ] {
        match refused {
            Err(DiskError::Held {
                holder: found,
                path,
                ..
            }) => {
                assert_eq!(found, Some(holder()));
                assert!(path.ends_with("home"));
            }
            other => panic!("{other:?}"),
        }
    }
    drop(locked);
    assert!(!dir.join(".apim-pki").exists());
    let readers: Vec<_> = (0..2)
        .map(|_| Home::open(&dir).unwrap().share(WAIT))
        .collect();
    assert!(readers.iter().all(Result::is_ok));
}

#[test]
fn homes_that_share_a_folder_write_in_it_one_after_the_other() {
    let base = tempfile::tempdir().unwrap();
    fs::create_dir_all(base.path().join("shared/server")).unwrap();
    let homes = ["one", "two"].map(|name| {
        fs::create_dir(base.path().join(name)).unwrap();
        let dir = home(&base.path().join(name));
        symlink(base.path().join("shared"), dir.join("shared")).unwrap();
        dir
    });
    let file = base.path().join("shared/server/x.xml");
    write(base.path(), "shared/server/x.xml", "old", 0o644);
    let before = snapshot(base.path());
    let wait = Duration::from_secs(60);
    for _ in 0..10 {
        let barrier = std::sync::Barrier::new(2);
        let done = thread::scope(|scope| {
            let both = [0, 1].map(|number: usize| {
                let (barrier, homes) = (&barrier, &homes);
                scope.spawn(move || {
                    let text = format!("of {number}");
                    let files = [("conf/a.xml", "a"), ("shared/server/x.xml", &text)];
                    let locked = Home::open(&homes[number]).unwrap().lock(wait, &holder());
                    let mut locked = locked.unwrap();
                    let prepared = locked.view().prepare(set(&files)).unwrap();
                    barrier.wait();
                    locked.commit(prepared, &label("install")).map(drop)
                })
            });
            both.map(|thread| thread.join().unwrap())
        });
        // Who comes second is told so before it has changed anything.
        let first = done.iter().position(Result::is_ok).unwrap();
        let second = done[1 - first].as_ref().unwrap_err();
        assert!(matches!(second, DiskError::Stale { path, .. } if path.ends_with("x.xml")));
        assert_eq!(fs::read_to_string(&file).unwrap(), format!("of {first}"));
        undo(&homes[first], Foreign::Refuse);
        assert_eq!(snapshot(base.path()), before);
    }

    // It does not wait for ever, and does not go on without.
    let shared = base.path().canonicalize().unwrap().join("shared/server");
    let held = crate::disk::system::System.try_lock_dir(&shared).unwrap();
    let brief = Duration::from_millis(100);
    let mut locked = Home::open(&homes[0])
        .unwrap()
        .lock(brief, &holder())
        .unwrap();
    let prepared = locked.view().prepare(set(&[("shared/server/x.xml", "x")]));
    let error = locked
        .commit(prepared.unwrap(), &label("install"))
        .unwrap_err();
    assert!(
        matches!(&error, DiskError::Held { path, .. } if *path == shared),
        "{error}"
    );
    drop((held, locked));
    assert_eq!(snapshot(base.path()), before);
}

#[test]
fn a_run_that_is_killed_leaves_a_home_before_or_after() {
    let base = tempfile::tempdir().unwrap();
    let dir = home(base.path());
    let before = snapshot(base.path());
    let mut interrupted = 0;
    for round in 0..25 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "--ignored", "--quiet"])
            .arg("disk::tests::home::locked::install_and_undo_without_an_end")
            .env(FOLDER_VARIABLE, &dir)
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        while !dir.join(".apim-pki").exists() {
            assert_eq!(child.try_wait().unwrap(), None);
            thread::sleep(Duration::from_micros(200));
        }
        thread::sleep(Duration::from_micros(900 * round));
        child.kill().unwrap();
        child.wait().unwrap();
        let pending = Home::open(&dir)
            .unwrap()
            .share(WAIT)
            .unwrap()
            .pending()
            .cloned();
        interrupted += usize::from(pending.is_some());
        let mut locked = lock(&dir).unwrap();
        if let Some(prepared) = locked.view().prepare_undo(Foreign::Refuse).unwrap() {
            let texts = [
                ("conf/a.xml", "new a"),
                ("conf/outside.xml", "new"),
                ("new/d", "d"),
            ];
            for (name, text) in texts {
                assert_eq!(locked.view().read(&path(name)).unwrap(), Some(bytes(text)));
            }
            locked.commit(prepared, &label("undo")).unwrap();
        }
        drop(locked);
        assert_eq!(snapshot(base.path()), before, "round {round}");
    }
    eprintln!("{interrupted} of 25 were in the middle");
}

#[test]
#[ignore = "run by the test above, to be killed"]
fn install_and_undo_without_an_end() {
    let Some(dir) = std::env::var_os(FOLDER_VARIABLE).map(PathBuf::from) else {
        return;
    };
    loop {
        let texts = [
            ("conf/a.xml", "new a"),
            ("conf/outside.xml", "new"),
            ("new/d", "d"),
        ];
        install(&dir, &texts);
        undo(&dir, Foreign::Refuse);
    }
}
