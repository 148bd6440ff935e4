#include "http/download.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/base64.hpp"
#include "http/digest.hpp"
#include "http/server_fixture.hpp"

namespace cordyna::http {
namespace {

namespace fs = std::filesystem;

const std::string kText = "id,name\n1,Ann\n2,Bob\n";

class DownloadTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "cordyna-http-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
    spec_.path = folder_ + "/file";
    spec_.tries.client.environment = [](const char*) { return std::string(); };
    spec_.tries.say = [this](std::string_view line) { said_.emplace_back(line); };
    spec_.tries.wait = [this](Millis delay) {
      waits_.push_back(delay);
      return true;
    };
  }
  void TearDown() override { fs::remove_all(folder_); }

  Result<Downloaded> get(const std::string& url) {
    spec_.url = *parse_url(url);
    return download(spec_);
  }
  /// The error, which leaves no file.
  Error refused(const std::string& url) {
    const Result<Downloaded> done = get(url);
    EXPECT_FALSE(fs::exists(spec_.path));
    return done.has_value() ? Error{ErrorCode::kInternal, "it was fetched"} : done.error();
  }
  [[nodiscard]] std::string content() const {
    const std::ifstream in(spec_.path, std::ios::binary);
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
  }
  /// `text` with the server's address as SERVER.
  static std::string plain(std::string text, const TestServer& server) {
    const std::string address = server.url("");
    for (std::size_t at = text.find(address); at != std::string::npos; at = text.find(address)) {
      text.replace(at, address.size(), "SERVER");
    }
    return text;
  }

  std::string folder_;
  DownloadSpec spec_;
  std::vector<std::string> said_;
  std::vector<Millis> waits_;
};

TEST_F(DownloadTest, AFileComesWithWhatIsKnownOfIt) {
  TestServer server([](const SeenRequest&, int) {
    return Reply{answer(200, kText, "ETag: \"v1\"\r\nLast-Modified: yesterday\r\n")};
  });
  spec_.headers = {{"X-Key", "k"}};
  const Result<Downloaded> done = get(server.url("/a%20b.csv?sig=s3cret"));
  ASSERT_TRUE(done.has_value()) << done.error().message;
  EXPECT_EQ(content(), kText);
  EXPECT_EQ(done->url, server.url("/a%20b.csv"));
  EXPECT_EQ(done->status, 200);
  EXPECT_EQ(done->bytes, kText.size());
  EXPECT_EQ(done->etag, "\"v1\"");
  EXPECT_EQ(done->modified, "yesterday");
  EXPECT_EQ(done->sha256, hex(sha256(kText)));
  EXPECT_EQ(done->tries, 1);
  EXPECT_TRUE(done->whole);
  const SeenRequest seen = server.seen().at(0);
  EXPECT_EQ(seen.method + " " + seen.target, "GET /a%20b.csv?sig=s3cret");
  EXPECT_EQ(*find_header(seen.headers, "x-key"), "k");
  EXPECT_EQ(*find_header(seen.headers, "Accept-Encoding"), "identity");
}

TEST_F(DownloadTest, WhatMayPassIsTriedAgain) {
  for (const int status : {408, 425, 429, 500, 502, 503, 504}) {
    waits_.clear();
    TestServer server([status](const SeenRequest&, int number) {
      return Reply{number < 2 ? answer(status, "busy") : answer(200, kText)};
    });
    const Result<Downloaded> done = get(server.url("/a"));
    ASSERT_TRUE(done.has_value()) << done.error().message;
    EXPECT_EQ(done->tries, 3);
    EXPECT_EQ(content(), kText);
    EXPECT_EQ(waits_, (std::vector<Millis>{1000, 2000}));
  }
}

TEST_F(DownloadTest, TheLastFailureSaysHowOftenItWasTried) {
  TestServer server([](const SeenRequest&, int) { return Reply{answer(503, "<html>no</html>")}; });
  spec_.tries.attempts = 3;
  const Error error = refused(server.url("/a?key=s3cret"));
  EXPECT_EQ(error.code, ErrorCode::kUnavailable);
  EXPECT_EQ(plain(error.message, server),
            "SERVER/a: the server answered 503 Status; tried 3 times");
  ASSERT_EQ(said_.size(), 2U);
  EXPECT_EQ(plain(said_[0], server),
            "SERVER/a: the server answered 503 Status; attempt 2 of 3 in 1.0s");
}

TEST_F(DownloadTest, TheServersWishForTimeIsHeeded) {
  TestServer server([](const SeenRequest&, int number) {
    return Reply{number == 0 ? answer(429, "", "Retry-After: 7\r\n") : answer(200, kText)};
  });
  ASSERT_TRUE(get(server.url("/a")).has_value());
  EXPECT_EQ(waits_, (std::vector<Millis>{7000}));
}

TEST_F(DownloadTest, AWishForTooMuchTimeFailsAtOnce) {
  TestServer server(
      [](const SeenRequest&, int) { return Reply{answer(503, "", "Retry-After: 3600\r\n")}; });
  const Error error = refused(server.url("/a"));
  EXPECT_EQ(plain(error.message, server),
            "SERVER/a: the server answered 503 Status; it wants to be left alone for 1h00m");
  EXPECT_EQ(server.seen().size(), 1U);
}

TEST(RetryAfterTest, IsSecondsOrADate) {
  Response response;
  response.headers = {{"Retry-After", "Fri, 24 May 2013 00:00:30 GMT"}};
  EXPECT_EQ(retry_after(response, 1369353600000), 30'000);
  EXPECT_EQ(retry_after(response, 1369353700000), 0);
  response.headers = {{"Retry-After", "soon"}};
  EXPECT_EQ(retry_after(response, 0), -1);
}

TEST_F(DownloadTest, WhatDoesNotPassFailsAtOnce) {
  struct Case {
    int status;
    const char* body;
    ErrorCode code;
    const char* said;
  };
  for (const Case& one :
       {Case{404, "<p>no</p>", ErrorCode::kNotFound, "404 Status"},
        Case{410, "", ErrorCode::kNotFound, "410 Status"},
        Case{401, "", ErrorCode::kDenied, "401 Status: credentials are missing, or wrong"},
        Case{403, "not you\n", ErrorCode::kDenied, "403 Status (not you)"},
        Case{403, "<Error><Code>AccessDenied</Code><Message>No.</Message></Error>",
             ErrorCode::kDenied, "403 Status (AccessDenied: No.)"},
        Case{400, "", ErrorCode::kInvalidArgument, "400 Status"},
        Case{304, "", ErrorCode::kInvalidArgument, "304 Status"}}) {
    TestServer server(
        [&one](const SeenRequest&, int) { return Reply{answer(one.status, one.body)}; });
    const Error error = refused(server.url("/a"));
    EXPECT_EQ(error.code, one.code);
    EXPECT_EQ(plain(error.message, server),
              std::string("SERVER/a: the server answered ") + one.said);
    EXPECT_EQ(server.seen().size(), 1U);
  }
}

/// A body that ends early, each way a server can do it.
struct CutCase {
  const char* name;
  const char* head;
  Reply::End end;
  const char* said;
};
class CutTest : public DownloadTest, public testing::WithParamInterface<CutCase> {};

TEST_P(CutTest, IsFoundOutAndFetchedAgain) {
  TestServer server([](const SeenRequest&, int number) {
    if (number > 0) return Reply{answer(200, kText)};
    return Reply{GetParam().head, GetParam().end};
  });
  spec_.tries.client.waits.idle = 100;
  const Result<Downloaded> done = get(server.url("/a"));
  ASSERT_TRUE(done.has_value()) << done.error().message;
  EXPECT_EQ(content(), kText);
  EXPECT_EQ(done->tries, 2);
  EXPECT_EQ(done->resumed, 0);
  ASSERT_EQ(said_.size(), 1U);
  EXPECT_NE(plain(said_[0], server).find(GetParam().said), std::string::npos) << said_[0];
}

INSTANTIATE_TEST_SUITE_P(
    All, CutTest,
    testing::Values(
        CutCase{"length", "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nid,name\n",
                Reply::End::kClose, "SERVER/a: the body was cut short: 8 of 20 bytes came"},
        CutCase{"length_reset", "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nid,name\n",
                Reply::End::kReset, "Connection reset by peer"},
        CutCase{"length_hang", "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nid,name\n",
                Reply::End::kHang, "sent nothing for 100ms"},
        CutCase{"chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\r\nid,name\n\r\n",
                Reply::End::kClose, "SERVER/a: the body was cut short after 8 bytes"},
        CutCase{"within_a_chunk",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n14\r\nid,name\n",
                Reply::End::kClose, "SERVER/a: the body was cut short after 8 bytes"},
        CutCase{"to_the_end_reset", "HTTP/1.1 200 OK\r\n\r\nid,name\n", Reply::End::kReset,
                "Connection reset by peer"},
        CutCase{"head", "HTTP/1.1 200 OK\r\nContent-", Reply::End::kClose,
                "the connection was closed before an answer came"},
        CutCase{"no_head", "", Reply::End::kHang, "sent nothing for 100ms"},
        CutCase{"no_http", "SSH-2.0-OpenSSH_9.2\r\n", Reply::End::kClose,
                "the answer is not HTTP that can be read"}),
    [](const auto& test) { return std::string(test.param.name); });

TEST_F(DownloadTest, ChunksArePutTogether) {
  TestServer server([](const SeenRequest&, int) {
    return Reply{
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8;x=y\r\nid,name\n\r\nc\r\n"
        "1,Ann\n2,Bob\n\r\n0\r\nTrailer: t\r\n\r\n"};
  });
  const Result<Downloaded> done = get(server.url("/a"));
  ASSERT_TRUE(done.has_value()) << done.error().message;
  EXPECT_EQ(content(), kText);
  EXPECT_TRUE(done->whole);
}

TEST_F(DownloadTest, WithoutLengthAndChunksNobodyKnowsWhetherItIsWhole) {
  TestServer server(
      [](const SeenRequest&, int) { return Reply{"HTTP/1.0 200 OK\r\n\r\nid,name\n1,A"}; });
  const Result<Downloaded> done = get(server.url("/a"));
  ASSERT_TRUE(done.has_value()) << done.error().message;
  EXPECT_FALSE(done->whole);
}

TEST_F(DownloadTest, InterimAnswersAndAnEmptyFileAreFine) {
  TestServer server([](const SeenRequest&, int) {
    return Reply{"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + answer(200, "")};
  });
  const Result<Downloaded> done = get(server.url("/a"));
  ASSERT_TRUE(done.has_value()) << done.error().message;
  EXPECT_EQ(done->bytes, 0U);
  EXPECT_EQ(content(), "");
}

TEST_F(DownloadTest, ACutBodyIsGoneOnWithWhereTheServerVouchesForIt) {
  TestServer server([](const SeenRequest& request, int number) {
    const std::string etag = "ETag: \"v1\"\r\n";
    if (number == 0) {
      return Reply{"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n" + etag + "\r\nid,name\n"};
    }
    const std::string* range = find_header(request.headers, "Range");
    const std::string* only_if = find_header(request.headers, "If-Range");
    if (range == nullptr || *range != "bytes=8-" || only_if == nullptr || *only_if != "\"v1\"") {
      return Reply{answer(400, "")};
    }
    return Reply{answer(206, kText.substr(8), etag + "Content-Range: bytes 8-19/20\r\n")};
  });
  const Result<Downloaded> done = get(server.url("/a"));
  ASSERT_TRUE(done.has_value()) << done.error().message;
  EXPECT_EQ(content(), kText);
  EXPECT_EQ(done->sha256, hex(sha256(kText)));
  EXPECT_EQ(done->resumed, 1);
  EXPECT_EQ(done->bytes, 20U);
}

/// Answers to the wish for the rest that do not fit what is there: all begin again.
class ResumeTest : public DownloadTest, public testing::WithParamInterface<const char*> {};

TEST_P(ResumeTest, TheFileIsFetchedFromItsStart) {
  const std::string other = "id,name\n8,Zoe\n9,Yan\n";
  TestServer server([&other](const SeenRequest& request, int number) {
    if (number == 0) {
      return Reply{"HTTP/1.1 200 OK\r\nContent-Length: 20\r\nETag: \"v1\"\r\n\r\nid,name\n1,Ann\n"};
    }
    const bool part = find_header(request.headers, "Range") != nullptr;
    const std::string headers = GetParam();
    if (!part) return Reply{answer(200, other, "ETag: \"v2\"\r\n")};
    return Reply{headers.empty()    ? answer(200, other, "ETag: \"v2\"\r\n")
                 : headers == "416" ? answer(416, "")
                                    : answer(206, other.substr(14), headers)};
  });
  const Result<Downloaded> done = get(server.url("/a"));
  ASSERT_TRUE(done.has_value()) << done.error().message;
  EXPECT_EQ(content(), other);
  EXPECT_EQ(done->sha256, hex(sha256(other)));
  EXPECT_EQ(done->resumed, 0);
  EXPECT_EQ(done->etag, "\"v2\"");
}

INSTANTIATE_TEST_SUITE_P(All, ResumeTest,
                         testing::Values("", "416",
                                         "ETag: \"v2\"\r\nContent-Range: bytes 14-19/20\r\n",
                                         "ETag: \"v1\"\r\nContent-Range: bytes 13-18/20\r\n",
                                         "ETag: \"v1\"\r\nContent-Range: bytes 14-19/21\r\n",
                                         "ETag: \"v1\"\r\n"));

TEST_F(DownloadTest, AWeakEtagIsNoReasonToGoOn) {
  TestServer server([](const SeenRequest& request, int number) {
    if (find_header(request.headers, "Range") != nullptr) return Reply{answer(400, "")};
    if (number > 0) return Reply{answer(200, kText)};
    return Reply{"HTTP/1.1 200 OK\r\nContent-Length: 20\r\nETag: W/\"v1\"\r\n\r\nid,name\n"};
  });
  EXPECT_TRUE(get(server.url("/a")).has_value());
  EXPECT_EQ(content(), kText);
}

TEST_F(DownloadTest, EachDigestThatTheServerPromisesMustBeRight) {
  const std::string wrong = base64(sha256("another"));
  for (const std::string& header :
       {std::string("Content-MD5: AAAAAAAAAAAAAAAAAAAAAA=="), "Digest: md5=x, sha-256=" + wrong,
        "Repr-Digest: sha-256=:" + wrong + ":", "x-amz-checksum-sha256: " + wrong}) {
    TestServer server(
        [&header](const SeenRequest&, int) { return Reply{answer(200, kText, header + "\r\n")}; });
    spec_.tries.attempts = 2;
    const Error error = refused(server.url("/a"));
    EXPECT_EQ(error.code, ErrorCode::kUnavailable);
    EXPECT_NE(error.message.find("what came is damaged"), std::string::npos) << error.message;
    EXPECT_EQ(server.seen().size(), 2U);
  }
}

TEST_F(DownloadTest, ARightDigestMakesAFileWholeWithoutALength) {
  TestServer server([](const SeenRequest&, int) {
    return Reply{"HTTP/1.1 200 OK\r\nDigest: SHA-256=" + base64(sha256(kText)) + "\r\n\r\n" +
                 kText};
  });
  const Result<Downloaded> done = get(server.url("/a"));
  ASSERT_TRUE(done.has_value()) << done.error().message;
  EXPECT_TRUE(done->whole);
}

TEST_F(DownloadTest, AnotherSha256ThanTheOneWantedIsNotTriedAgain) {
  TestServer server([](const SeenRequest&, int) { return Reply{answer(200, kText)}; });
  spec_.sha256 = hex(sha256("another"));
  const Error error = refused(server.url("/a"));
  EXPECT_EQ(error.code, ErrorCode::kUntrusted);
  EXPECT_EQ(plain(error.message, server),
            "SERVER/a: its SHA-256 is " + hex(sha256(kText)) + ", not " + spec_.sha256);
  EXPECT_EQ(server.seen().size(), 1U);
}

TEST_F(DownloadTest, TheLimitHoldsWithAndWithoutALength) {
  for (const char* head : {"Content-Length: 20\r\n", ""}) {
    TestServer server([head](const SeenRequest&, int) {
      return Reply{std::string("HTTP/1.1 200 OK\r\n") + head + "\r\n" + kText};
    });
    spec_.bytes_max = 19;
    const Error error = refused(server.url("/a"));
    EXPECT_EQ(error.code, ErrorCode::kInvalidArgument);
    EXPECT_EQ(plain(error.message, server), "SERVER/a: it is larger than 19 bytes, the limit");
  }
}

TEST_F(DownloadTest, RedirectsAreFollowed) {
  TestServer server([](const SeenRequest& request, int) {
    if (request.target == "/b/c") return Reply{answer(200, kText)};
    return Reply{answer(302, "", "Location: /b/c\r\n")};
  });
  spec_.headers = {{"Authorization", "Bearer t"}};
  const Result<Downloaded> done = get(server.url("/a"));
  ASSERT_TRUE(done.has_value()) << done.error().message;
  EXPECT_EQ(done->url, server.url("/b/c"));
  EXPECT_NE(find_header(server.seen().at(1).headers, "Authorization"), nullptr);
}

TEST_F(DownloadTest, AnotherOriginGetsNoneOfTheHeaders) {
  TestServer other([](const SeenRequest&, int) { return Reply{answer(200, kText)}; });
  TestServer server([&other](const SeenRequest&, int) {
    return Reply{answer(307, "", "Location: " + other.url("/x") + "\r\n")};
  });
  spec_.headers = {{"Authorization", "Bearer t"}, {"X-Api-Key", "k"}, {"Accept", "text/csv"}};
  ASSERT_TRUE(get(server.url("/a")).has_value());
  const Headers headers = other.seen().at(0).headers;
  EXPECT_EQ(find_header(headers, "Authorization"), nullptr);
  EXPECT_EQ(find_header(headers, "X-Api-Key"), nullptr);
  EXPECT_EQ(*find_header(headers, "Accept"), "text/csv");
}

TEST_F(DownloadTest, NoRedirectLeadsToWhereCredentialsAre) {
  for (const std::string host : {"169.254.169.254", "2852039166", "[::ffff:169.254.169.254]"}) {
    TestServer server([&host](const SeenRequest&, int) {
      return Reply{answer(302, "", "Location: http://" + host + "/latest/meta-data/\r\n")};
    });
    const Error error = refused(server.url("/a"));
    EXPECT_EQ(error.code, ErrorCode::kDenied) << error.message;
    EXPECT_NE(error.message.find("which is link-local: nobody is sent there"), std::string::npos)
        << error.message;
    EXPECT_EQ(server.seen().size(), 1U) << "not tried again";
  }
}

TEST_F(DownloadTest, ALoopOfRedirectsEnds) {
  TestServer server(
      [](const SeenRequest&, int) { return Reply{answer(301, "", "Location: /a?t=s3cret\r\n")}; });
  const Error error = refused(server.url("/a"));
  EXPECT_EQ(error.code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(plain(error.message, server),
            "SERVER/a: more than 5 redirects, the last one to SERVER/a");
  EXPECT_EQ(server.seen().size(), 6U);
}

TEST_F(DownloadTest, ARedirectToNowhereIsAnError) {
  TestServer server(
      [](const SeenRequest&, int) { return Reply{answer(302, "", "Location: ftp://a/b\r\n")}; });
  EXPECT_EQ(plain(refused(server.url("/a")).message, server),
            "SERVER/a: ftp://a/b: 'ftp://' is neither http:// nor https://");
}

TEST_F(DownloadTest, NobodyThereIsTriedAgain) {
  std::string url;
  {
    TestServer gone([](const SeenRequest&, int) { return Reply{}; });
    url = gone.url("/a");
  }
  spec_.tries.attempts = 2;
  const Error error = refused(url);
  EXPECT_EQ(error.code, ErrorCode::kUnavailable);
  EXPECT_NE(error.message.find("Connection refused; tried 2 times"), std::string::npos)
      << error.message;
}

TEST_F(DownloadTest, AskedToEndItEnds) {
  int ends[2] = {-1, -1};
  ASSERT_EQ(pipe(ends), 0);
  TestServer server([&ends](const SeenRequest&, int) {
    EXPECT_EQ(write(ends[1], "x", 1), 1);
    return Reply{"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nid", Reply::End::kHang};
  });
  spec_.tries.client.waits.cancel_fd = ends[0];
  EXPECT_EQ(refused(server.url("/a")).code, ErrorCode::kCancelled);
  close(ends[0]);
  close(ends[1]);
}

TEST_F(DownloadTest, AFileThatCannotBeMadeIsAnErrorOfThisMachine) {
  TestServer server([](const SeenRequest&, int) { return Reply{answer(200, kText)}; });
  spec_.path = folder_ + "/missing/file";
  const Error error = refused(server.url("/a"));
  EXPECT_EQ(error.code, ErrorCode::kInternal);
  EXPECT_NE(error.message.find("No such file or directory"), std::string::npos) << error.message;
  EXPECT_TRUE(server.seen().empty());
}

TEST_F(DownloadTest, AHeaderWithALineBreakIsRefusedWithoutItsValue) {
  TestServer server([](const SeenRequest&, int) { return Reply{answer(200, kText)}; });
  spec_.headers = {{"Authorization", "s3cret\r\nX: y"}};
  const Error error = refused(server.url("/a"));
  EXPECT_EQ(plain(error.message, server),
            "SERVER/a: the header Authorization has a line break or another control character in "
            "its value");
}

TEST_F(DownloadTest, AProxyGetsTheWholeAddress) {
  TestServer proxy([](const SeenRequest&, int) { return Reply{answer(200, kText)}; });
  spec_.tries.client.environment = [&proxy](const char* name) {
    const std::string address = "http://me:pw@127.0.0.1:" + std::to_string(proxy.port());
    return std::string(name) == "http_proxy" ? address : std::string();
  };
  ASSERT_TRUE(get("http://data.example/a?b=c").has_value());
  const SeenRequest seen = proxy.seen().at(0);
  EXPECT_EQ(seen.target, "http://data.example/a?b=c");
  EXPECT_EQ(*find_header(seen.headers, "Host"), "data.example");
  EXPECT_EQ(*find_header(seen.headers, "Proxy-Authorization"), "Basic bWU6cHc=");
}

TEST_F(DownloadTest, AProxyThatOpensNoTunnelIsNamed) {
  TestServer proxy([](const SeenRequest& request, int) {
    return Reply{answer(request.target == "data.example:443" ? 407 : 400, "")};
  });
  spec_.tries.client.environment = [&proxy](const char* name) {
    return std::string(name) == "https_proxy" ? "127.0.0.1:" + std::to_string(proxy.port()) : "";
  };
  const Error error = refused("https://data.example/a");
  EXPECT_EQ(error.code, ErrorCode::kDenied);
  EXPECT_EQ(proxy.seen().at(0).method, "CONNECT");
  EXPECT_NE(error.message.find("answered 407 Status for data.example"), std::string::npos)
      << error.message;
}

}  // namespace
}  // namespace cordyna::http
