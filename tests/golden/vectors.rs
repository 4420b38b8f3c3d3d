//! Printed by `scripts/golden.py`: a format that is in use does not change.

pub(crate) const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
pub(crate) const NEW_KEY: &str = "UrwW9T3sCWmn+rZX/tmnpNtONvPUoWD4ZOm1lIn8Y2A=";
pub(crate) const LONG_KEY: &str = "x8bFxMPCwcC/vr28u7q5uLe2tbSzsrGwr66trKuqqainpqWko6KhoJ+enZybmpmYl5aVlJOSkZCPjo2Mi4qJiIeGhYSDgoGAf359fHt6eXh3dnV0c3JxcG9ubWxramloZ2ZlZGNiYWBfXl1cW1pZWFdWVVRTUlFQT05NTEtKSUhHRkVEQ0JBQD8+PTw7Ojk4NzY1NDMyMTAvLi0sKyopKCcmJSQjIiEgHx4dHBsaGRgXFhUUExIREA8ODQwLCgkIBwYFBAMCAQA=";

pub(crate) struct Golden {
    pub(crate) key: &'static str,
    pub(crate) audience: &'static str,
    pub(crate) session_id: &'static str,
    pub(crate) token: &'static str,
}

pub(crate) const TOKENS: [Golden; 10] = [
    Golden {
        key: KEY,
        audience: "",
        session_id: "vK0ns7-1-GVlx-kENDwcppCM",
        token: "NfPOqAPg9JErdkW1ZHoXby4pDI4gI58Z1lis8PukCww.vK0ns7-1-GVlx-kENDwcppCM.OY5-mHKVpC9lCQJd7_dhIyojzarz0rbO9gMRvwBHuIvg",
    },
    Golden {
        key: KEY,
        audience: "",
        session_id: "AAAAAAAAAAAAAAAAAAAAAAAA",
        token: "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAAAA.OQZjdeAmCt3RbdWooY8UqFT8w5Ew3o9xvulzefmctAxh",
    },
    Golden {
        key: KEY,
        audience: "",
        session_id: "________________________",
        token: "__________________________________________8.________________________.Of2GjtsliJ6ZNQii4rHINo6-RGdJrXOnPAiaxF8Iy4-h",
    },
    Golden {
        key: KEY,
        audience: "",
        session_id: "vK0ns7-1-GVlx-kENDwcppCM",
        token: "RDKqwCEFduwp3yo7i5k6OgDbaAt1duHAWIcf4EDfvPw.vK0ns7-1-GVlx-kENDwcppCM.ORCvJeXC0-PRJSYQRaSbKhY5dgL192e_o0Q050CzyOpC",
    },
    Golden {
        key: KEY,
        audience: "shop",
        session_id: "vK0ns7-1-GVlx-kENDwcppCM",
        token: "NfPOqAPg9JErdkW1ZHoXby4pDI4gI58Z1lis8PukCww.vK0ns7-1-GVlx-kENDwcppCM.OXuF8UelDfUiB2rIiczmPIIw-DYtItHx5FHQe4nw4Eqd",
    },
    Golden {
        key: KEY,
        audience: "shop-eu",
        session_id: "vK0ns7-1-GVlx-kENDwcppCM",
        token: "NfPOqAPg9JErdkW1ZHoXby4pDI4gI58Z1lis8PukCww.vK0ns7-1-GVlx-kENDwcppCM.OZBz-0mgqSjkD5YDQGLgB9rI21uSOnk-DXgBrikiNm7e",
    },
    Golden {
        key: KEY,
        audience: "Größe",
        session_id: "vK0ns7-1-GVlx-kENDwcppCM",
        token: "NfPOqAPg9JErdkW1ZHoXby4pDI4gI58Z1lis8PukCww.vK0ns7-1-GVlx-kENDwcppCM.OeFXq3IqBNwAYNgcOWj40rXJqsaAxF4FaRUmi4n_apHz",
    },
    Golden {
        key: NEW_KEY,
        audience: "",
        session_id: "vK0ns7-1-GVlx-kENDwcppCM",
        token: "NfPOqAPg9JErdkW1ZHoXby4pDI4gI58Z1lis8PukCww.vK0ns7-1-GVlx-kENDwcppCM.mWDjzJNNa5uzKsMF0EZYjlV6wkBoj51bjGb4z6qn74q7",
    },
    Golden {
        key: NEW_KEY,
        audience: "",
        session_id: "vK0ns7-1-GVlx-kENDwcppCM",
        token: "RDKqwCEFduwp3yo7i5k6OgDbaAt1duHAWIcf4EDfvPw.vK0ns7-1-GVlx-kENDwcppCM.mZDxX1riVOSpO6gyqSQvqJWRtnJD1Kta54K_zFO6py7c",
    },
    Golden {
        key: LONG_KEY,
        audience: "shop",
        session_id: "vK0ns7-1-GVlx-kENDwcppCM",
        token: "NfPOqAPg9JErdkW1ZHoXby4pDI4gI58Z1lis8PukCww.vK0ns7-1-GVlx-kENDwcppCM.raxXT7zOWiNwfdL_myTDqegYARtn1SNjgJsK2oKB7ens",
    },
];

pub(crate) const ANONYMOUS: &str = r#"{"id":"AAAAAAAAAAAAAAAAAAAAAAAA","secret":"Zmh6rfhivXdsj8GLjp+OIAiXFIVu4jOzkCpZHQ1fKSU=","remembered":false,"created_at":1800000000000,"authenticated_at":1800000000000,"last_seen_at":1800000060000,"absolute_at":1800028800000,"idle_millis":1800000,"user":null,"origin":null,"attributes":{},"succession":null}"#;

pub(crate) const OF_A_USER: &str = r#"{"id":"vK0ns7-1-GVlx-kENDwcppCM","secret":"NYCLC3hzU3GHDu6CZT/3Qiz+pmlKLDMk8lwubQQQvqE=","remembered":true,"created_at":1800000000000,"authenticated_at":1800000000000,"last_seen_at":1800001800000,"absolute_at":1802592000000,"idle_millis":1209600000,"user":"ada","origin":{"roles":["editor","admin"],"device":{"id":"d-17","name":"Ada's phone","kind":"phone","os":"iPhone","browser":"Safari 18"},"address":"2001:db8::1"},"attributes":{"bytes":"AP8=","cart.17":"Mg==","größe":"IlhMIg=="},"succession":{"since":1800000900000,"pending":{"hash":"N413MR14L2862ak1YP7L8Oi5mgnbYJEoQFa74KzRY4o=","nonce":[155,169,158,128,56,46,251,90,161,35,31,48,11,130,106,172]},"previous":[{"hash":"bbfYA+dPH/p9j1rcC/lbPhW/TINz//rfVGInzGxnQss=","honoured_until":1800000930000}]}}"#;

/// The session OF_A_USER, as a sealed store keeps it.
pub(crate) const SEALED: &str = r#"{"id":"vK0ns7-1-GVlx-kENDwcppCM","secret":"NYCLC3hzU3GHDu6CZT/3Qiz+pmlKLDMk8lwubQQQvqE=","remembered":true,"created_at":1800000000000,"authenticated_at":1800000000000,"last_seen_at":1800001800000,"absolute_at":1802592000000,"idle_millis":1209600000,"user":"ada","origin":{"roles":["editor","admin"],"device":{"id":"d-17","kind":"unknown"},"address":null,"sealed":"Si5DuabTzA9ym5fME9ceu0urN94K/Cta+UdqIEELe/gGPeOP8hWe5oACImMFJvHCCKgeP7QGuvEJvA27RUBmUocp4URulDlTYKV2gYXh3FXncpUWZEfQineG5hlqbLyXKx30LXI4W7djYZyhkftqkOZK7v8aJHLnWUh6QX9J"},"attributes":{"bytes":"SpO5fHhGyjjGbvb+xF3n5OWBWlfLWNw5UFWd+Kn5tQ==","cart.17":"SgB20VpGkGmmGhGlkTIFJ+VvsvjsESEgIPdG8sAU","größe":"Sok0Ux4Pckit5XrSvTSZKDqTmb3z4B/cz3Ob6YP3b7Mc"},"succession":{"since":1800000900000,"pending":{"hash":"N413MR14L2862ak1YP7L8Oi5mgnbYJEoQFa74KzRY4o=","nonce":[155,169,158,128,56,46,251,90,161,35,31,48,11,130,106,172]},"previous":[{"hash":"bbfYA+dPH/p9j1rcC/lbPhW/TINz//rfVGInzGxnQss=","honoured_until":1800000930000}]}}"#;

/// For the session OF_A_USER: the ring, the token that comes in, and the one that goes out.
pub(crate) const HANDED_OUT: [(&[&str], &str, &str); 2] = [
    (
        &[KEY],
        "NfPOqAPg9JErdkW1ZHoXby4pDI4gI58Z1lis8PukCww.vK0ns7-1-GVlx-kENDwcppCM.OY5-mHKVpC9lCQJd7_dhIyojzarz0rbO9gMRvwBHuIvg",
        "RDKqwCEFduwp3yo7i5k6OgDbaAt1duHAWIcf4EDfvPw.vK0ns7-1-GVlx-kENDwcppCM.ORCvJeXC0-PRJSYQRaSbKhY5dgL192e_o0Q050CzyOpC",
    ),
    (
        &[NEW_KEY, KEY],
        "NfPOqAPg9JErdkW1ZHoXby4pDI4gI58Z1lis8PukCww.vK0ns7-1-GVlx-kENDwcppCM.OY5-mHKVpC9lCQJd7_dhIyojzarz0rbO9gMRvwBHuIvg",
        "RDKqwCEFduwp3yo7i5k6OgDbaAt1duHAWIcf4EDfvPw.vK0ns7-1-GVlx-kENDwcppCM.mZDxX1riVOSpO6gyqSQvqJWRtnJD1Kta54K_zFO6py7c",
    ),
];

/// A service, as a store keeps it, and the tokens of its previous, its current and its next secret.
#[cfg(feature = "service")]
pub(crate) const SERVICE: &str = r#"{"id":"1pe96gwISHGrnxrAWU-n5sgx","secret":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=","remembered":false,"created_at":1800000000000,"authenticated_at":1800000000000,"last_seen_at":1800000060000,"absolute_at":18446744073709551615,"idle_millis":3153600000000,"user":"\u0001services","origin":null,"attributes":{"\u0001service":"eyJuYW1lIjoib3JkZXJzIiwicGVybWlzc2lvbnMiOlsic2Vzc2lvbi5yZWFkIiwic2Vzc2lvbi53cml0ZSJdLCJjdXJyZW50IjoiWkhuK2tsYlUrNVZLd2JDT0g2MnY0WE9FUUhYQXNyR0RjNzJ6bkZqZ3pLRT0iLCJuZXh0Ijp7Imhhc2giOiJpVjU2QnBlVHQxeHBCdUNQQ1hjclZmMXNFcklUSFVwRmJqQkx5cy9ja2lFPSIsIm92ZXJsYXAiOjYwMDAwfSwicHJldmlvdXMiOlt7Imhhc2giOiIxdmZCQmR3L2dIMkxxUnNncHdWY3dyVlcybW9ScFNUelhTRGJNZnBiR3VJPSIsImhvbm91cmVkX3VudGlsIjoxODAwMDAxODYxMDAwfV19"},"succession":null}"#;
#[cfg(feature = "service")]
pub(crate) const SERVICE_TOKENS: [&str; 3] = [
    "XOdZbM76x5Nja9dz6I7MAG12JRlfA3jVQLAjQvvo3Og.1pe96gwISHGrnxrAWU-n5sgx.OYUCtjwn5Zq9VHaxfHVOGoW1Kgdv2GIGXXkA3WKGmdPU",
    "tcjuzu7cHdxnLLJi1YJ0lRhGwG03AwAQMjkDenyJ0aI.1pe96gwISHGrnxrAWU-n5sgx.OVGQCfUTGDHzT0rwKl-m2CesiUGgPr9m0j0vqS7J_Kt3",
    "TsjZ5wqMBo7mC5-81jxhx2RTk2ZHzLArPUpBusfTdJg.1pe96gwISHGrnxrAWU-n5sgx.OWMk5ptacwClo86XBNsorCcIMGF8YXuXgDzchzXlHEJF",
];
