//! Other methods for clients that can only POST.

use falconry::middleware::HttpMethodOverride;

use crate::app;

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

#[tokio::test]
async fn a_post_gets_the_method_of_its_field() {
    let (_server, client, witness) = app::behind(HttpMethodOverride::default()).await;
    for (value, expected) in [("DELETE", "DELETE"), ("delete", "delete"), ("", "POST"), ("a b", "POST")] {
        client.post("/").header("x-http-method-override", value).send().await.unwrap().assert_status(200);
        assert_eq!(witness.take().unwrap().method, expected, "{value:?}");
    }
}

#[tokio::test]
async fn other_methods_stay_what_they_are() {
    let (_server, client, witness) = app::behind(HttpMethodOverride::default()).await;
    client.get("/").header("x-http-method-override", "DELETE").send().await.unwrap().assert_status(200);
    assert_eq!(witness.take().unwrap().method, "GET");
}

#[tokio::test]
async fn a_post_gets_the_method_of_its_form() {
    let (_server, client, witness) = app::behind(HttpMethodOverride::from_form_field("_method")).await;
    let request = client.post("/").header(FORM.0, FORM.1).body("a=b&_method=PUT");
    request.header("x-http-method-override", "DELETE").send().await.unwrap().assert_status(200);
    assert_eq!(witness.take().unwrap().method, "PUT");
    client.post("/").header(FORM.0, FORM.1).body("a=b").send().await.unwrap().assert_status(200);
    assert_eq!(witness.take().unwrap().method, "POST");
    client.post("/").body("_method=PUT").send().await.unwrap().assert_status(200);
    assert_eq!(witness.take().unwrap().method, "POST");
}
