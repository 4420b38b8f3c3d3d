use crate::Taken;

pub(crate) struct Tokens {
    pub(crate) ada: String,
    pub(crate) grace: String,
    pub(crate) forged: String,
}

/// `Cookie` headers, and what they come to.
pub(crate) struct Case {
    pub(crate) headers: Vec<Vec<u8>>,
    pub(crate) taken: Taken,
}

pub(crate) fn cases(tokens: &Tokens) -> Vec<Case> {
    let families = [wrong_names, duplicates, stray_bytes, shapes, great_lengths];
    families.iter().flat_map(|family| family(tokens)).collect()
}

fn case(headers: &[impl AsRef<[u8]>], taken: Taken) -> Case {
    Case { headers: headers.iter().map(|header| header.as_ref().to_vec()).collect(), taken }
}

fn ours(token: &str) -> String {
    format!("__Host-sid={token}")
}

/// A cookie under a name that some reader or other takes for ours says nothing, and takes nothing
/// from the one that is.
fn wrong_names(Tokens { ada, grace, .. }: &Tokens) -> Vec<Case> {
    let encoded = ["__%48ost-sid", "%5F%5FHost-sid", "__Host%2Dsid", "__Host%2dsid", "__Host-si%64", "__Host-sid%00"];
    let padded = ["\u{a0}", "\u{2003}", "\u{feff}", "\u{3000}", "\u{200b}", "\u{85}", "\u{2028}", "\u{ad}", "+", "%20"];
    let padded = padded.iter().flat_map(|pad| [format!("{pad}__Host-sid"), format!("__Host-sid{pad}")]);
    let prefixes = ["__host-sid", "__HOST-sid", "__hoST-sid", "__Secure-sid", "__secure-sid", "Host-sid", "_Host-sid"];
    let others =
        ["__Host-SID", "sid", "__Host-sid2", "x__Host-sid", "__Host-si", "__Host-", "__Host sid", "\"__Host-sid\""];
    let alike = [
        "__Host\u{2010}sid",
        "__Host-s\u{131}d",
        "\u{ff3f}_Host-sid",
        "__Host-sid[]",
        "$__Host-sid",
        "\\__Host-sid",
        "",
    ];
    let names = [&encoded[..], &prefixes, &others, &alike].concat().into_iter().map(ToOwned::to_owned).chain(padded);
    let cases = names.flat_map(|name| {
        let planted = format!("{name}={grace}");
        [
            case(&[&planted], Taken::Nothing),
            case(&[format!("{planted}; {}", ours(ada))], Taken::Ada),
            case(&[format!("{}; {planted}", ours(ada))], Taken::Ada),
            case(&[&planted, &ours(ada), &planted], Taken::Ada),
        ]
    });
    cases.collect()
}

/// In one header or in several, of all values exactly one must be genuine.
fn duplicates(Tokens { ada, grace, forged }: &Tokens) -> Vec<Case> {
    let values: [(&[&str], Taken); 11] = [
        (&[ada], Taken::Ada),
        (&[ada, ada, ada], Taken::Ada),
        (&[forged, ada], Taken::Ada),
        (&[ada, forged, "", "x", forged], Taken::Ada),
        (&[ada, grace], Taken::Refused),
        (&[grace, ada], Taken::Refused),
        (&[ada, grace, ada], Taken::Refused),
        (&[forged, ada, "x", grace], Taken::Refused),
        (&[forged], Taken::Refused),
        (&["", forged], Taken::Refused),
        (&[""], Taken::Refused),
    ];
    let cases = values.iter().flat_map(|(values, taken)| {
        let cookies: Vec<String> = values.iter().map(|value| ours(value)).collect();
        [case(&[cookies.join("; ")], *taken), case(&[cookies.join(";")], *taken), case(&cookies, *taken)]
    });
    cases.collect()
}

/// Bytes that are no text blind nobody, and are part of what they stand in.
fn stray_bytes(Tokens { ada, .. }: &Tokens) -> Vec<Case> {
    let cases = (0x80..=0xff_u8).flat_map(|byte| {
        let stray = |before: &str, after: &str| [before.as_bytes(), &[byte], after.as_bytes()].concat();
        [
            case(&[stray("a=", &format!("; {}", ours(ada)))], Taken::Ada),
            case(&[stray(&format!("{}; ", ours(ada)), "=b")], Taken::Ada),
            case(&[stray("", ""), ours(ada).into_bytes()], Taken::Ada),
            case(&[stray("", &ours(ada))], Taken::Nothing),
            case(&[stray("__Host-sid", &format!("={ada}"))], Taken::Nothing),
            case(&[stray("__Host-sid=", ada)], Taken::Refused),
            case(&[stray(&ours(ada), "")], Taken::Refused),
        ]
    });
    cases.collect()
}

/// What else is, and is not, a cookie.
fn shapes(Tokens { ada, grace, .. }: &Tokens) -> Vec<Case> {
    let value = |value: &str| case(&[ours(value)], Taken::Refused);
    vec![
        case(&[format!(" \t__Host-sid\t = \t{ada} \t")], Taken::Ada),
        case(&[format!(";;;{};;;", ours(ada))], Taken::Ada),
        case(&[format!("no equals sign; {}", ours(ada))], Taken::Ada),
        case(&[format!("=; ==; a==b; {}", ours(ada))], Taken::Ada),
        case(&[format!("$Version=1; {}; $Path=/", ours(ada))], Taken::Ada),
        case(&[format!("a=\"b; {}; c\"", ours(ada))], Taken::Ada),
        case(&["theme=dark", &ours(ada), "x=y"], Taken::Ada),
        case(&["theme=dark; a=b", &format!("c=d; {}", ours(ada)), "", ";"], Taken::Ada),
        // A comma does not end a cookie, nor does the end of one header run on into the next.
        case(&[format!("a=b, {}", ours(ada))], Taken::Nothing),
        case(&["__Host-sid", &format!("={ada}")], Taken::Nothing),
        case(&["__Host-", &format!("sid={ada}")], Taken::Nothing),
        case(&[format!("__Host-sid {ada}")], Taken::Nothing),
        case(&[""], Taken::Nothing),
        value(&format!("\"{ada}\"")),
        value(&format!("{ada}, {}", ours(grace))),
        value(&format!("{ada} {grace}")),
        value(&format!("{ada}=")),
        value(&format!("={ada}")),
        value(&ada.replace('.', "%2E")),
        value(&ada.replace('.', "..")),
        value(&ada.to_lowercase()),
        case(&[ours(&ada[..60]), ada[60..].to_owned()], Taken::Refused),
    ]
}

/// 64 KiB of anything.
fn great_lengths(Tokens { ada, forged, grace }: &Tokens) -> Vec<Case> {
    let long = "z".repeat(64 * 1024);
    let flood = |cookie: &str| format!("{cookie}; ").repeat(64 * 1024 / (cookie.len() + 2));
    vec![
        case(&[format!("y={long}; {}", ours(ada))], Taken::Ada),
        case(&[format!("{}; y={long}", ours(ada))], Taken::Ada),
        case(&[format!("{long}; {}", ours(ada))], Taken::Ada),
        case(&[long.clone(), ours(ada)], Taken::Ada),
        case(&[flood("a=b") + &ours(ada)], Taken::Ada),
        case(&[flood("") + &ours(ada)], Taken::Ada),
        case(&[flood("__Host-sid=x") + &ours(ada)], Taken::Ada),
        case(&[flood(&ours(forged)) + &ours(ada)], Taken::Ada),
        case(&[flood(&ours(ada))], Taken::Ada),
        case(&[flood(&ours(ada)) + &ours(grace)], Taken::Refused),
        case(&[flood(&format!("__host-sid={grace}")) + &ours(ada)], Taken::Ada),
        case(&[ours(&long)], Taken::Refused),
        case(&[format!("__Host-sid{long}={ada}")], Taken::Nothing),
        case(&[format!("{long}{}", ours(ada))], Taken::Nothing),
        case(&vec![ours(forged); 90], Taken::Refused),
        case(&[vec![ours(forged); 45], vec![ours(ada)], vec!["a=b".to_owned(); 44]].concat(), Taken::Ada),
    ]
}
