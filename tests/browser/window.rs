//! What a user does in a window, and sees.

use std::{env, fs, path::PathBuf, time::Duration};

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::driver::Driver;

pub(crate) struct Window {
    driver: Driver,
    /// In front of paths.
    site: String,
}

/// What a device looks like: width, height, and whether its user likes it dark.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Screen {
    pub(crate) name: &'static str,
    width: u32,
    height: u32,
    dark: bool,
    pub(crate) is_looked_at_closely: bool,
}

impl Screen {
    pub(crate) const DESK: Self =
        Self { name: "desk", width: 1280, height: 900, dark: false, is_looked_at_closely: true };
    pub(crate) const DESK_DARK: Self =
        Self { name: "desk-dark", dark: true, is_looked_at_closely: false, ..Self::DESK };
    pub(crate) const PHONE: Self =
        Self { name: "phone", width: 360, height: 740, dark: false, is_looked_at_closely: false };
    pub(crate) const PHONE_DARK: Self =
        Self { name: "phone-dark", dark: true, is_looked_at_closely: true, ..Self::PHONE };
    pub(crate) const ALL: [Self; 4] = [Self::DESK, Self::DESK_DARK, Self::PHONE, Self::PHONE_DARK];
}

impl Window {
    pub(crate) async fn open(site: impl Into<String>, screen: Screen) -> Self {
        let window = Self { driver: Driver::start().await, site: site.into() };
        window.becomes(screen).await;
        window
    }

    pub(crate) async fn becomes(&self, screen: Screen) {
        let Screen { width, height, dark, .. } = screen;
        let is_phone = width < 600;
        let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": is_phone });
        self.driver.devtools("Emulation.setDeviceMetricsOverride", metrics).await;
        let scheme = if dark { "dark" } else { "light" };
        let features = [
            json!({ "name": "prefers-color-scheme", "value": scheme }),
            json!({ "name": "prefers-reduced-motion", "value": "reduce" }),
        ];
        self.driver.devtools("Emulation.setEmulatedMedia", json!({ "features": features })).await;
    }

    /// Switches scripts off, as some users do.
    pub(crate) async fn without_scripts(&self) {
        self.driver.devtools("Emulation.setScriptExecutionDisabled", json!({ "value": true })).await;
    }

    pub(crate) async fn goes_to(&self, path: &str) {
        self.driver.command("/url", json!({ "url": format!("{}{path}", self.site) })).await;
    }

    pub(crate) async fn path(&self) -> String {
        let url = self.driver.ask("/url").await;
        url.as_str().unwrap().strip_prefix(&self.site).unwrap().to_owned()
    }

    /// The text that is to be seen.
    pub(crate) async fn text(&self) -> String {
        loop {
            let body = self.find("//body").await;
            // Another page may have come between the two.
            if let Ok(text) = self.driver.try_to_ask(&format!("/element/{body}/text")).await {
                return text.as_str().unwrap().to_owned();
            }
        }
    }

    /// Waits until a text is to be seen.
    pub(crate) async fn sees(&self, text: &str) {
        self.waits(text, true).await;
    }

    /// Waits until a text is no longer to be seen.
    pub(crate) async fn sees_no(&self, text: &str) {
        self.waits(text, false).await;
    }

    /// Types into the field of this label.
    pub(crate) async fn types(&self, label: &str, text: &str) {
        let field = self
            .find(&format!(
                "//input[@id=//label[contains(., '{label}')]/@for] | //label[contains(., '{label}')]//input"
            ))
            .await;
        self.driver.command(&format!("/element/{field}/clear"), json!({})).await;
        self.driver.command(&format!("/element/{field}/value"), json!({ "text": text })).await;
    }

    /// Clicks a button, or a link, by a part of its text.
    pub(crate) async fn clicks(&self, text: &str) {
        self.clicks_in("//body", text).await;
    }

    /// The same, inside of the first element of this path.
    pub(crate) async fn clicks_in(&self, within: &str, text: &str) {
        let own = format!("[contains(normalize-space(.), '{text}')]");
        let element = self.find(&format!("({within}//*[self::button or self::a or self::summary]{own})[1]")).await;
        self.driver.command(&format!("/element/{element}/click"), json!({})).await;
    }

    /// Presses a key, wherever the focus is.
    pub(crate) async fn presses(&self, key: &str) {
        let actions = [json!({ "type": "keyDown", "value": key }), json!({ "type": "keyUp", "value": key })];
        let keyboard = json!({ "type": "key", "id": "keyboard", "actions": actions });
        self.driver.command("/actions", json!({ "actions": [keyboard] })).await;
    }

    /// What a script in the page finds out.
    pub(crate) async fn asks(&self, script: &str) -> Value {
        self.driver.command("/execute/sync", json!({ "script": script, "args": [] })).await
    }

    /// The same of a script that calls back.
    pub(crate) async fn awaits(&self, script: &str) -> Value {
        self.driver.command("/execute/async", json!({ "script": script, "args": [] })).await
    }

    /// Keeps what is to be seen, the whole length of it, in `target/screenshots`.
    pub(crate) async fn is_kept_as(&self, name: &str) {
        let size = self.driver.devtools("Page.getLayoutMetrics", json!({})).await["cssContentSize"].clone();
        let clip = json!({ "x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1 });
        let options = json!({ "captureBeyondViewport": true, "clip": clip });
        let shot = self.driver.devtools("Page.captureScreenshot", options).await;
        let png = BASE64_STANDARD.decode(shot["data"].as_str().unwrap()).unwrap();
        fs::create_dir_all(folder()).unwrap();
        fs::write(folder().join(format!("{name}.png")), png).unwrap();
    }

    /// Nothing has gone wrong that the browser would tell a developer: no script was refused, no error thrown.
    pub(crate) async fn has_nothing_to_complain(&self) {
        let log = self.driver.command("/se/log", json!({ "type": "browser" })).await;
        // A page that is refused on purpose is in the log as a resource that failed to load.
        let is_bad =
            |entry: &&Value| entry["level"] == "SEVERE" && !entry["message"].as_str().unwrap().contains("status of 4");
        let bad: Vec<&Value> = log.as_array().unwrap().iter().filter(is_bad).collect();
        assert!(bad.is_empty(), "{bad:#?}");
    }

    /// Nothing is cut off at the side, or has to be scrolled to.
    pub(crate) async fn fits(&self, what: &str) {
        let sizes = self.asks("return [document.documentElement.scrollWidth, innerWidth]").await;
        assert!(sizes[0].as_u64() <= sizes[1].as_u64(), "{what} is too wide: {sizes}");
    }

    async fn waits(&self, text: &str, is_there: bool) {
        let start = Instant::now();
        loop {
            let shown = self.text().await;
            if shown.contains(text) == is_there {
                return;
            }
            assert!(start.elapsed() < PATIENCE, "{text:?} should be there: {is_there}\n{shown}");
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// The first element of this path.
    async fn find(&self, xpath: &str) -> String {
        let start = Instant::now();
        loop {
            let found = self.driver.command("/elements", json!({ "using": "xpath", "value": xpath })).await;
            if let Some(element) = found[0].as_object().and_then(|element| element.values().next()) {
                return element.as_str().unwrap().to_owned();
            }
            assert!(
                start.elapsed() < PATIENCE,
                "{xpath} is not on the page:\n{}",
                self.asks("return document.body.innerText").await
            );
            sleep(Duration::from_millis(50)).await;
        }
    }
}

pub(crate) fn folder() -> PathBuf {
    target().join("screenshots")
}

/// Where what is made goes.
pub(crate) fn target() -> PathBuf {
    let this = env::current_exe().unwrap();
    this.ancestors().nth(3).expect("a test lies in target/profile/deps").to_owned()
}

const PATIENCE: Duration = Duration::from_secs(20);
