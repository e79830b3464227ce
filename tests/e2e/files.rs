//! A file is uploaded, sent on by a flow while its server dies, and downloaded from the next one.

use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{Client, Reply};
use crate::server::Home;
use crate::world::World;

const CONTENT: &str = "name;total\r\nAda;120\r\n";

fn multipart(content: &str) -> String {
    let head =
        "Content-Disposition: form-data; name=\"file\"; filename=\"orders.csv\"\r\nContent-Type: text/csv";
    format!("--edge\r\n{head}\r\n\r\n{content}\r\n--edge--\r\n")
}

async fn upload(client: &Client, content: &str) -> Reply {
    let request = client.request(Method::POST, "/v1/flow/file").body(multipart(content));
    client.send(request.header("Content-Type", "multipart/form-data; boundary=edge")).await
}

fn sends_it_on() -> Value {
    json!({
        "name": "Sends a file on",
        "definition": { "steps": [
            { "id": "start", "type": "api", "nextStepId": "send", "data": { "fields": [
                { "name": "doc", "type": "file", "required": true }, { "name": "api", "type": "url", "required": true },
            ] } },
            { "id": "send", "type": "http-request", "nextStepId": "end", "data": {
                "method": "POST", "url": "{{api}}", "bodyType": "multipart",
                "body": { "doc": "{{files.doc}}", "rows": "{{files.doc.text.split('\\n').length}}" },
            } },
            { "id": "end", "type": "final", "data": { "outputs": [
                { "name": "name", "output": "{{files.doc.name}}" }, { "name": "ok", "output": "{{send.body.ok}}" },
            ] } },
        ] },
    })
}

#[tokio::test]
async fn a_file_outlives_the_server_that_took_it() {
    for home in Home::each() {
        let mut world = World::new(json!({ "ok": true }), 1).await;
        let home = home.set("FLOW_OUTBOUND__ALLOW", &world.address());
        let server = home.start();
        let client = server.client();
        let file = upload(&client, CONTENT).await;
        assert_eq!(file.status, 201, "{}", file.body);
        let id = file.body["fileId"].as_str().unwrap().to_owned();
        let flow = client.publish(sends_it_on()).await;
        let refused = client.execute(&flow, json!({ "doc": "nothing", "api": world.url() })).await;
        assert_eq!((refused.status, &refused.body["errors"][0]["pointer"]), (422, &json!("/doc")));
        let run = client.start(&flow, json!({ "doc": id, "api": world.url() })).await;
        let first = String::from_utf8(world.call().await.body).unwrap();
        server.kill();

        let server = home.start();
        let second = String::from_utf8(world.call().await.body).unwrap();
        for sent in [first, second] {
            assert!(sent.contains(CONTENT) && sent.contains("filename=\"orders.csv\""), "{sent}");
            assert!(sent.contains("name=\"rows\"\r\n\r\n3\r\n"), "{sent}");
        }
        let ended = server.client().until_ended(&run).await;
        assert_eq!(ended["output"], json!({ "name": "orders.csv", "ok": true }), "{ended}");
        let got = server.client().request(Method::GET, &format!("/v1/flow/file/{id}")).send().await.unwrap();
        assert_eq!(got.headers()["content-disposition"], "attachment; filename=\"orders.csv\"");
        assert_eq!(got.text().await.unwrap(), CONTENT);
    }
}
