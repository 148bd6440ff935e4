#include "google/storage.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <memory>

#include "http/server_fixture.hpp"

namespace cordyna::google {
namespace {

using http::answer;
using http::Reply;
using http::SeenRequest;
using http::TestServer;

class StorageTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "storage-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  [[nodiscard]] std::string file(const std::string& content) const {
    const std::string path = folder_ + "/file";
    std::ofstream(path, std::ios::binary) << content;
    return path;
  }
  /// Handles all but the first request, which gives a session.
  void serve(std::function<Reply(const SeenRequest&, int)> chunks) {
    server_ = std::make_unique<TestServer>([this, chunks](const SeenRequest& request, int number) {
      if (number > 0) return chunks(request, number);
      return Reply{answer(200, "", fmt::format("Location: {}\r\n", session()))};
    });
  }
  [[nodiscard]] std::string session() const {
    return session_.empty() ? "/session?upload_id=1" : session_;
  }
  [[nodiscard]] Caller caller() const {
    http::TryOptions tries;
    tries.attempts = 3;
    tries.delay = 1;
    return {{}, "", tries};
  }
  [[nodiscard]] static std::string range_of(const SeenRequest& request) {
    const std::string* range = http::find_header(request.headers, "Content-Range");
    return range == nullptr ? "" : *range;
  }

  std::string folder_;
  std::string session_;
  std::unique_ptr<TestServer> server_;
};

constexpr std::size_t kTwo = kChunkBytes + 10;  // bytes: a chunk, and the beginning of another

TEST_F(StorageTest, NothingButTheEndIsLeftForTheCommit) {
  serve([](const SeenRequest& request, int) {
    return Reply{range_of(request).starts_with("bytes 0-")
                     ? answer(308, "", fmt::format("Range: bytes=0-{}\r\n", kChunkBytes - 1))
                     : answer(200, "{}")};
  });
  StorageUploads uploads(caller(), server_->url(""));
  ASSERT_TRUE(
      uploads.stage({{file(std::string(kTwo, 'x')), {"lake", "a/b c"}, "text/csv"}}).has_value());
  ASSERT_EQ(server_->seen().size(), 2U);
  EXPECT_EQ(server_->seen()[0].target,
            "/upload/storage/v1/b/lake/o?name=a%2Fb%20c&uploadType=resumable");
  EXPECT_EQ(uploads.committed(), 0U);
  const auto done = uploads.commit();
  ASSERT_TRUE(done.has_value()) << done.error().message;
  EXPECT_EQ(uploads.committed(), 1U);
  EXPECT_EQ(range_of(server_->seen()[2]),
            fmt::format("bytes {}-{}/{}", kChunkBytes, kTwo - 1, kTwo));
  EXPECT_EQ(server_->seen()[2].body.size(), 10U);
}

TEST_F(StorageTest, WhatBreaksOffGoesOnWhereTheServerIs) {
  constexpr std::size_t kHalf = std::size_t{256} << 10;
  serve([](const SeenRequest& request, int number) {
    if (number == 1) return Reply{answer(503, "")};
    if (range_of(request) == fmt::format("bytes */{}", kTwo)) {
      return Reply{answer(308, "", fmt::format("Range: bytes=0-{}\r\n", kHalf - 1))};
    }
    return Reply{number == 3
                     ? answer(308, "", fmt::format("Range: bytes=0-{}\r\n", kChunkBytes - 1))
                     : answer(200, "{}")};
  });
  StorageUploads uploads(caller(), server_->url(""));
  const auto staged = uploads.stage({{file(std::string(kTwo, 'x')), {"lake", "a"}, "text/csv"}});
  ASSERT_TRUE(staged.has_value()) << staged.error().message;
  EXPECT_EQ(range_of(server_->seen()[3]),
            fmt::format("bytes {}-{}/{}", kHalf, kChunkBytes - 1, kTwo));
  EXPECT_TRUE(uploads.commit().has_value());
}

TEST_F(StorageTest, AnAnswerThatWasLostIsAskedFor) {
  serve([](const SeenRequest& request, int number) {
    if (number == 1) return Reply{"", Reply::End::kReset};
    return Reply{range_of(request) == "bytes */3" ? answer(200, "{}") : answer(500, "")};
  });
  StorageUploads uploads(caller(), server_->url(""));
  ASSERT_TRUE(uploads.stage({{file("abc"), {"lake", "a"}, "text/csv"}}).has_value());
  EXPECT_EQ(server_->seen().size(), 1U);
  const auto done = uploads.commit();
  EXPECT_TRUE(done.has_value()) << done.error().message;
}

TEST_F(StorageTest, AnEndThatDidNotComeIsSentAgain) {
  serve([](const SeenRequest&, int number) {
    if (number == 1) return Reply{answer(503, "")};
    return Reply{number == 2 ? answer(308, "") : answer(200, "{}")};
  });
  StorageUploads uploads(caller(), server_->url(""));
  ASSERT_TRUE(uploads.stage({{file("abc"), {"lake", "a"}, "text/csv"}}).has_value());
  const auto done = uploads.commit();
  ASSERT_TRUE(done.has_value()) << done.error().message;
  EXPECT_EQ(server_->seen().back().body, "abc");
}

TEST_F(StorageTest, AServerThatLostWhatItHadGetsAllOfItAgain) {
  serve([](const SeenRequest& request, int number) {
    if (number == 2) return Reply{answer(308, "")};  // nothing is there any more
    return Reply{range_of(request).starts_with("bytes 0-")
                     ? answer(308, "", fmt::format("Range: bytes=0-{}\r\n", kChunkBytes - 1))
                     : answer(200, "{}")};
  });
  StorageUploads uploads(caller(), server_->url(""));
  ASSERT_TRUE(
      uploads.stage({{file(std::string(kTwo, 'x')), {"lake", "a"}, "text/csv"}}).has_value());
  const auto done = uploads.commit();
  ASSERT_TRUE(done.has_value()) << done.error().message;
  EXPECT_EQ(server_->seen().size(), 5U);
}

TEST_F(StorageTest, ASessionElsewhereGetsNothing) {
  session_ = "http://example.org/session";
  serve([](const SeenRequest&, int) { return Reply{answer(200, "{}")}; });
  StorageUploads uploads(caller(), server_->url(""));
  const auto staged = uploads.stage({{file("abc"), {"lake", "a"}, "text/csv"}});
  ASSERT_FALSE(staged.has_value());
  EXPECT_EQ(staged.error().code, ErrorCode::kUntrusted);
  EXPECT_EQ(server_->seen().size(), 1U);
}

TEST_F(StorageTest, AnObjectThatIsShorterIsNoSuccess) {
  serve([](const SeenRequest&, int) { return Reply{answer(200, R"({"size":"2"})")}; });
  StorageUploads uploads(caller(), server_->url(""));
  ASSERT_TRUE(uploads.stage({{file("abc"), {"lake", "a"}, "text/csv"}}).has_value());
  const auto done = uploads.commit();
  ASSERT_FALSE(done.has_value());
  EXPECT_EQ(done.error().message, "gs://lake/a: the server has 2 bytes of 3");
}

TEST_F(StorageTest, WhatIsNotCommittedIsGivenUp) {
  serve([](const SeenRequest&, int) { return Reply{answer(499, "")}; });
  {
    StorageUploads uploads(caller(), server_->url(""));
    ASSERT_TRUE(uploads.stage({{file("abc"), {"lake", "a"}, "text/csv"}}).has_value());
  }
  ASSERT_EQ(server_->seen().size(), 2U);
  EXPECT_EQ(server_->seen()[1].method, "DELETE");
}

TEST_F(StorageTest, AnEmptyFileIsAnObject) {
  serve([](const SeenRequest&, int) { return Reply{answer(200, "{}")}; });
  StorageUploads uploads(caller(), server_->url(""));
  ASSERT_TRUE(uploads.stage({{file(""), {"lake", "a"}, "text/csv"}}).has_value());
  ASSERT_TRUE(uploads.commit().has_value());
  EXPECT_EQ(range_of(server_->seen()[1]), "bytes */0");
}

TEST_F(StorageTest, AListIsReadToItsEnd) {
  server_ = std::make_unique<TestServer>([](const SeenRequest&, int number) {
    return Reply{answer(
        200, number == 0
                 ? R"({"items":[{"name":"a/1","generation":"7","size":"3"}],"nextPageToken":"t&"})"
                 : R"({"items":[{"name":"a/2","generation":"8","size":"4"},
                                {"name":"b","generation":"9","size":"1"}]})")};
  });
  Caller asking = caller();
  const auto found = list_objects(asking, server_->url(""), {"lake", "a/"}, 10,
                                  [](std::string_view) { return true; });
  ASSERT_TRUE(found.has_value()) << found.error().message;
  ASSERT_EQ(found->size(), 2U);
  EXPECT_EQ((*found)[1].generation, "8");
  EXPECT_EQ(server_->seen()[1].target,
            "/storage/v1/b/lake/o?maxResults=1000&prefix=a%2F&pageToken=t%26");
}

TEST(StorageAddressTest, ANameIsOnePartOfTheAddress) {
  const auto name = parse_gs("gs://lake/a/..b?c#d");
  ASSERT_TRUE(name.has_value());
  EXPECT_EQ(media_url("", *name, "7")->text(),
            "https://storage.googleapis.com/storage/v1/b/lake/o/a%2F..b%3Fc%23d"
            "?alt=media&generation=7");
}

TEST(StorageAddressTest, WhatIsNoneIsTold) {
  for (const char* address :
       {"gs://", "gs://lake", "gs://lake/", "gs://la%2fke/x", "gs://LAKE/x", "gs://../x",
        "gs://lake/..", "gs://lake/a/../b", "gs://lake/a\nb", "gs://la@ke/x", "s3://lake/x"}) {
    EXPECT_FALSE(parse_gs(address).has_value()) << address;
  }
}

}  // namespace
}  // namespace cordyna::google
