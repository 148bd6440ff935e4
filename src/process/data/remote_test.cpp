#include <fmt/format.h>
#include <zlib.h>

#include <cstdlib>
#include <filesystem>
#include <map>

#include "http/digest.hpp"
#include "http/server_fixture.hpp"
#include "process/data/remote.hpp"
#include "process/data/step_fixture.hpp"

namespace cordyna::data {
namespace {

namespace fs = std::filesystem;
using http::answer;
using http::Reply;
using http::SeenRequest;
using http::TestServer;

const std::string kText = "id,name\n1,Ann\n2,Bob\n";

std::string packed(const std::string& text) {
  std::string out(compressBound(text.size()) + 64, '\0');
  z_stream stream{};
  deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY);
  std::string in = text;
  stream.next_in = reinterpret_cast<Bytef*>(in.data());
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

class RemoteTest : public StepTest {
 protected:
  void SetUp() override {
    StepTest::SetUp();
    for (const char* name : {"http_proxy", "all_proxy", "ALL_PROXY", "AWS_ENDPOINT_URL",
                             "AWS_ENDPOINT_URL_S3", "AWS_REGION"}) {
      unsetenv(name);
    }
  }
  void TearDown() override {
    for (const std::string_view name :
         {kFromVariable, kHeadersVariable, kPasswordVariable, kS3AccessVariable, kS3SecretVariable,
          kS3SessionVariable, kMasksVariable}) {
      unsetenv(std::string(name).c_str());
    }
    StepTest::TearDown();
  }
  int load(const std::string& from, const std::string& more = "") {
    return run("load", "x",
               fmt::format(R"({{"from": "{}", "transfer": {{"delay": "1ms"}}{}}})", from, more));
  }
  /// Loads what a server sends, once, as /a`ending`.
  int load_bytes(const std::string& ending, const std::string& bytes) {
    const TestServer server([&bytes](const SeenRequest&, int) { return Reply{bytes}; });
    return load(server.url("/a" + ending));
  }
};

TEST_F(RemoteTest, AFileIsLoadedFromAServer) {
  const TestServer server([](const SeenRequest&, int number) {
    return Reply{number == 0 ? answer(503, "") : answer(200, kText, "ETag: \"v1\"\r\n")};
  });
  ASSERT_EQ(load(server.url("/a.csv?sig=s3cret")), 0) << error_message();
  EXPECT_EQ(rows("SELECT * FROM {x} ORDER BY id"),
            (Lines{R"({"id":1,"name":"Ann"})", R"({"id":2,"name":"Bob"})"}));
  EXPECT_EQ(output("source"),
            fmt::format(R"({{"url":"{}","status":200,"bytes":20,"sha256":"{}","tries":2,)"
                        R"("resumed":0,"etag":"\"v1\""}})",
                        server.url("/a.csv"), http::hex(http::sha256(kText))));
  EXPECT_TRUE(has(said_, "/a.csv: the server answered 503 Status; attempt 2 of 5 in 1ms"));
  EXPECT_FALSE(has(said_, "s3cret"));
}

TEST_F(RemoteTest, AContractHoldsForAServersFileToo) {
  const TestServer server([](const SeenRequest&, int) { return Reply{answer(200, kText)}; });
  EXPECT_EQ(load(server.url("/a.csv"), R"(, "contract": {"columns": {"id": "int64"},
                 "drift": {"new": "fail"}})"),
            1);
  EXPECT_EQ(error_code(), "SCHEMA_CHANGED");
  EXPECT_TRUE(has(error_message(), server.url("/a.csv")));
}

TEST_F(RemoteTest, EachKindOfRefusalHasItsCode) {
  for (const auto& [status, code] : {std::pair<int, const char*>{404, "REMOTE_NOT_FOUND"},
                                     {403, "ACCESS_DENIED"},
                                     {400, "REMOTE_REFUSED"},
                                     {500, "SOURCE_UNAVAILABLE"}}) {
    EXPECT_EQ(load_bytes(".csv", answer(status, "")), 1);
    EXPECT_EQ(error_code(), code) << error_message();
  }
}

TEST_F(RemoteTest, PackedFilesAreReadAndCutOnesAreNot) {
  std::string text = "id,name\n";
  for (int i = 0; i < 20000; ++i) text += fmt::format("{},name {}\n", i, i * 7919 % 10007);
  const std::string whole = packed(text);
  ASSERT_EQ(load_bytes(".csv.gz", answer(200, whole)), 0) << error_message();
  EXPECT_EQ(output("rows"), "20000");
  ASSERT_EQ(load_bytes(".csv.gz", answer(200, whole + packed("8,x\n"))), 0) << error_message();
  EXPECT_EQ(output("rows"), "20001");
  for (const std::size_t cut : {whole.size() / 2, whole.size() - 1, whole.size() - 8}) {
    EXPECT_EQ(load_bytes(".csv.gz", answer(200, whole.substr(0, cut))), 1) << cut;
    EXPECT_EQ(error_code(), "SOURCE_UNAVAILABLE");
    EXPECT_TRUE(has(error_message(), "/a.csv.gz was cut short: its gzip stream does not end"));
  }
  std::string broken = whole;
  broken[whole.size() - 6] = static_cast<char>(~broken[whole.size() - 6]);
  EXPECT_EQ(load_bytes(".csv.gz", answer(200, broken)), 1);
  EXPECT_TRUE(has(error_message(), "is damaged: incorrect data check"));
}

TEST_F(RemoteTest, ACutFileOfThisMachineIsFoundOutToo) {
  std::string text = "id,name\n";
  for (int i = 0; i < 20000; ++i) text += fmt::format("{},name {}\n", i, i * 7919 % 10007);
  const std::string whole = packed(text);
  file("a.csv.gz", whole.substr(0, whole.size() / 2));
  EXPECT_EQ(run("load", "x", R"({"from": "a.csv.gz"})"), 1);
  EXPECT_TRUE(has(error_message(), "a.csv.gz was cut short: its gzip stream does not end"));
  file("b.csv", text);
  rows("COPY (FROM '" + flow_ + "/b.csv') TO '" + flow_ + "/c.csv.zst' (COMPRESSION zstd)");
  const std::string zstd = content(flow_ + "/c.csv.zst");
  ASSERT_EQ(run("load", "x", R"({"from": "c.csv.zst"})"), 0) << error_message();
  file("c.csv.zst", zstd.substr(0, zstd.size() / 2));
  EXPECT_EQ(run("load", "x", R"({"from": "c.csv.zst"})"), 1);
  EXPECT_TRUE(has(error_message(), "c.csv.zst was cut short: its zstd stream does not end"));
}

TEST_F(RemoteTest, WhatTheServerPackedIsUnpacked) {
  ASSERT_EQ(load_bytes(".csv", answer(200, packed(kText), "Content-Encoding: gzip\r\n")), 0)
      << error_message();
  EXPECT_EQ(output("rows"), "2");
  ASSERT_EQ(load_bytes(".csv.gz", answer(200, packed(kText), "Content-Encoding: gzip\r\n")), 0)
      << error_message();
  EXPECT_EQ(load_bytes(".csv", answer(200, kText, "Content-Encoding: br\r\n")), 1);
  EXPECT_TRUE(has(error_message(), "came packed as 'br'"));
}

TEST_F(RemoteTest, WhatIsNoDataIsNamed) {
  const std::string zip("PK\x03\x04\x14\0\0\0", 8);
  for (const auto& [bytes, said] : {std::pair<std::string, const char*>{zip, "is a zip archive"},
                                    {"\n<!DOCTYPE HTML>\n<p>Log in</p>", "is an HTML page"},
                                    {"<?xml version='1.0'?><Error/>", "is an XML document"}}) {
    EXPECT_EQ(load_bytes(".csv.gz", answer(200, bytes)), 1);
    EXPECT_EQ(error_code(), "SCHEMA_CHANGED");
    EXPECT_TRUE(has(error_message(), said));
    EXPECT_EQ(load_bytes(".csv", answer(200, bytes)), 1);
    EXPECT_TRUE(has(error_message(), said));
  }
}

TEST_F(RemoteTest, AFileThatMayBeCutWarns) {
  ASSERT_EQ(load_bytes(".csv", "HTTP/1.0 200 OK\r\n\r\nid,name\n1,Ann\n2,Bo"), 0)
      << error_message();
  EXPECT_EQ(report_.at("warnings"), 1);
  EXPECT_TRUE(has(said_, "it may be cut short; 'sha256' would make sure"));
  ASSERT_EQ(load_bytes(".csv", "HTTP/1.0 200 OK\r\n\r\n" + kText), 0);
  EXPECT_EQ(report_.at("warnings"), 0);
  ASSERT_EQ(load_bytes(".csv", answer(200, "id\n1")), 0);
  EXPECT_EQ(report_.at("warnings"), 0);
}

TEST_F(RemoteTest, Sha256IsForFilesOfThisMachineToo) {
  file("a.csv", kText);
  const std::string right = http::hex(http::sha256(kText));
  EXPECT_EQ(run("load", "x", R"({"from": "a.csv", "sha256": ")" + right + "\"}"), 0);
  EXPECT_EQ(run("load", "x", R"({"from": "a.csv", "sha256": ")" + std::string(64, '0') + "\"}"), 1);
  EXPECT_EQ(error_code(), "REMOTE_UNTRUSTED");
  EXPECT_EQ(run("load", "x", R"({"from": "a.csv", "sha256": "abc"})"), 1);
  EXPECT_EQ(error_message(), "sha256: 64 hexadecimal digits are wanted");
}

TEST_F(RemoteTest, SecretsComeByTheEnvironmentAndAreNeverSaid) {
  const TestServer server([](const SeenRequest& request, int) {
    const std::string* key = http::find_header(request.headers, "X-Key");
    const bool known = request.target == "/a.csv?key=s3cret" && key != nullptr && *key == "k3y-1";
    return Reply{known ? answer(200, kText) : answer(400, "s3cret k3y-1")};
  });
  setenv("DYNA_FROM", server.url("/a.csv?key=s3cret").c_str(), 1);
  setenv("DYNA_HEADERS", R"({"X-Key": "k3y-1"})", 1);
  setenv("DYNA_MASKS", R"(["s3cret", "k3y-1"])", 1);
  const std::string more = R"(, "headers": {"X-Key": "***", "Accept": "text/csv"})";
  ASSERT_EQ(load(server.url("/a.csv?key=***"), more), 0) << error_message();
  EXPECT_EQ(*http::find_header(server.seen().at(0).headers, "Accept"), "text/csv");
  setenv("DYNA_HEADERS", R"({"X-Key": "k3y-1 no"})", 1);
  EXPECT_EQ(load(server.url("/a.csv?key=***"), more), 1);
  EXPECT_TRUE(has(error_message(), "400 Status (*** ***)"));
  EXPECT_FALSE(has(boost::json::serialize(report_) + said_, "s3cret"));
}

TEST_F(RemoteTest, UserAndPasswordGoAsBasic) {
  const TestServer server([](const SeenRequest&, int) { return Reply{answer(200, kText)}; });
  setenv("DYNA_PASSWORD", "p:w", 1);
  ASSERT_EQ(load(server.url("/a.csv"), R"(, "auth": {"user": "me", "password": {"secret": "P"}})"),
            0)
      << error_message();
  EXPECT_EQ(*http::find_header(server.seen().at(0).headers, "Authorization"), "Basic bWU6cDp3");
}

TEST_F(RemoteTest, WrongKeysAreRefused) {
  for (const auto& [params, said] : {
           std::pair<const char*, const char*>{R"("from": "ftp://a/b.csv")",
                                               "from: 'ftp://' is not supported: a file's path is, "
                                               "and http://, https://, s3://, gs://"},
           {R"("from": "https://u:p@a/b.csv")",
            "from: https://a/b.csv: user and password do not stand in an address: use the key "
            "'auth'"},
           {R"("from": "s3://b")", "from: s3://b: it names no key; s3://BUCKET/KEY is wanted"},
           {R"("from": "http://a/b.php")",
            "format: one of csv, json, jsonl, ndjson, parquet is "
            "wanted, not 'php'"},
           {R"("from": "http://a/b.csv", "headers": {"a b": "x"})",
            "headers: 'a b' is no name of a header"},
           {R"("from": "http://a/b.csv", "auth": {"user": "u", "password": "p"})",
            "auth.password: {secret: NAME} is wanted"},
           {R"("from": "http://a/b.csv", "transfer": {"attempts": 0})",
            "transfer.attempts: 1 to 100 is wanted"},
           {R"("from": "s3://b/k.csv", "s3": {"endpoint": "minio:9000"})",
            "s3.endpoint: minio:9000/b/k.csv: it is no address: https://HOST/PATH is"},
           {R"("from": "s3://b/k.csv", "s3": {"access_key": {"secret": "A"}})",
            "s3: access_key and secret_key are wanted both, or neither"},
       }) {
    EXPECT_EQ(run("load", "x", std::string("{") + params + "}"), 1);
    EXPECT_EQ(error_message(), said);
    EXPECT_EQ(error_code(), "INPUT_INVALID");
  }
}

/// As much of S3 as an upload in parts needs; `refuses` names a target that it takes nothing for.
class Store {
 public:
  explicit Store(std::string refuses = "") : refuses_(std::move(refuses)) {}

  Reply answer_to(const SeenRequest& request) {
    const std::string path = request.target.substr(0, request.target.find('?'));
    const std::string query = request.target.substr(path.size());
    if (request.method == "GET") {
      return Reply{objects.contains(path) ? answer(200, objects[path]) : answer(404, "")};
    }
    if (!refuses_.empty() && (request.method + " " + request.target).starts_with(refuses_)) {
      return Reply{answer(403, "<Error><Code>AccessDenied</Code><Message>no</Message></Error>")};
    }
    if (request.method == "DELETE") {
      parts.erase(path);
    } else if (query == "?uploads=") {
      parts[path] = "";
      return Reply{answer(200, "<R><UploadId>i/d</UploadId></R>")};
    } else if (query.starts_with("?partNumber=")) {
      parts[path] += request.body;
      return Reply{answer(200, "", "ETag: \"e\"\r\n")};
    } else if (query.starts_with("?uploadId=")) {
      objects[path] = parts[path];
      parts.erase(path);
    } else {
      objects[path] = request.body;
    }
    return Reply{answer(200, "")};
  }

  std::map<std::string, std::string> objects;
  std::map<std::string, std::string> parts;

 private:
  std::string refuses_;
};

class S3StepTest : public RemoteTest {
 protected:
  void SetUp() override {
    RemoteTest::SetUp();
    file("x.csv", kText);
    ASSERT_EQ(run("load", "x", R"({"from": "x.csv"})"), 0) << error_message();
    setenv("DYNA_S3_ACCESS_KEY", "access", 1);
    setenv("DYNA_S3_SECRET_KEY", "secret-key", 1);
  }
  /// Shares x to the targets (JSON) on a store.
  int share(Store& store, const std::string& to) {
    const TestServer server(
        [&store](const SeenRequest& request, int) { return store.answer_to(request); });
    return run("share", "s",
               fmt::format(R"({{"of": "x", "to": {}, "s3": {{"endpoint": "{}"}},
                            "transfer": {{"delay": "1ms"}}}})",
                           to, server.url("")));
  }
};

TEST_F(S3StepTest, OneTargetIsOneRequest) {
  Store store;
  ASSERT_EQ(share(store, R"("s3://lake/a b/x.csv")"), 0) << error_message();
  EXPECT_EQ(store.objects, (std::map<std::string, std::string>{{"/lake/a%20b/x.csv", kText}}));
  EXPECT_EQ(output("targets"), R"(["s3://lake/a b/x.csv"])");
}

TEST_F(S3StepTest, SeveralTargetsAreVisibleTogether) {
  Store store;
  ASSERT_EQ(share(store, R"(["s3://lake/x.csv", "out.csv", "s3://lake/x.parquet"])"), 0)
      << error_message();
  EXPECT_EQ(store.objects["/lake/x.csv"], kText);
  EXPECT_TRUE(store.objects["/lake/x.parquet"].starts_with("PAR1"));
  EXPECT_TRUE(store.parts.empty());
  EXPECT_EQ(content(flow_ + "/out.csv"), kText);
}

TEST_F(S3StepTest, WhenOneTargetIsRefusedNothingIsVisible) {
  for (const char* refused :
       {"POST /lake/b.csv?uploads", "PUT /lake/b.csv?part", "POST /lake/a.csv?uploadId"}) {
    Store store(refused);
    file("out.csv", "old");
    EXPECT_EQ(share(store, R"(["out.csv", "s3://lake/a.csv", "s3://lake/b.csv"])"), 1);
    EXPECT_EQ(error_code(), "ACCESS_DENIED") << error_message();
    EXPECT_TRUE(has(error_message(), "(AccessDenied: no); what was shared before is untouched"));
    EXPECT_TRUE(store.objects.empty()) << refused;
    EXPECT_TRUE(store.parts.empty()) << refused;
    EXPECT_EQ(content(flow_ + "/out.csv"), "old");
  }
}

TEST_F(S3StepTest, AShareThatEndsBetweenTwoTargetsSaysSo) {
  Store store("POST /lake/b.csv?uploadId");
  EXPECT_EQ(share(store, R"(["s3://lake/a.csv", "s3://lake/b.csv"])"), 1);
  EXPECT_TRUE(has(error_message(), "1 of 2 targets have the new data already"));
  EXPECT_TRUE(store.parts.empty());
}

TEST_F(S3StepTest, RequestsAreSignedAndLoadsReadWhatWasShared) {
  Store store;
  store.objects["/lake/x.csv"] = kText;
  const TestServer server(
      [&store](const SeenRequest& request, int) { return store.answer_to(request); });
  ASSERT_EQ(run("load", "y",
                fmt::format(R"({{"from": "s3://lake/x.csv",
                "s3": {{"endpoint": "{}", "region": "eu-central-1"}}}})",
                            server.url(""))),
            0)
      << error_message();
  EXPECT_EQ(output("rows"), "2");
  const SeenRequest seen = server.seen().at(0);
  const std::string* signature = http::find_header(seen.headers, "Authorization");
  ASSERT_NE(signature, nullptr);
  EXPECT_TRUE(has(*signature, "Credential=access/"));
  EXPECT_TRUE(has(*signature, "/eu-central-1/s3/aws4_request"));
  EXPECT_TRUE(has(output("source"), R"("url":"s3://lake/x.csv")"));
}

TEST_F(S3StepTest, AStoreThatIsAwayForAMomentIsTriedAgain) {
  Store store;
  const TestServer server([&store](const SeenRequest& request, int number) {
    return number == 0 ? Reply{"", Reply::End::kReset} : store.answer_to(request);
  });
  ASSERT_EQ(run("share", "s",
                fmt::format(R"({{"of": "x", "to": "s3://lake/x.csv",
                "s3": {{"endpoint": "{}"}}, "transfer": {{"delay": "1ms"}}}})",
                            server.url(""))),
            0)
      << error_message();
  EXPECT_EQ(store.objects["/lake/x.csv"], kText);
  EXPECT_TRUE(has(said_, "attempt 2 of 5"));
}

}  // namespace
}  // namespace cordyna::data
