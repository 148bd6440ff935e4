#include "docker/daemon.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <boost/json.hpp>
#include <filesystem>
#include <memory>

#include "http/server_fixture.hpp"

namespace cordyna::docker {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;
using http::answer;
using http::Reply;
using http::SeenRequest;

/// A daemon that answers as told, and what it was asked.
class DaemonTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "cordyna-docker-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override {
    server_.reset();
    fs::remove_all(folder_);
  }
  [[nodiscard]] std::string socket() const { return folder_ + "/docker.sock"; }

  void serve(http::TestServer::Handler handler, const std::string& version = "1.41") {
    server_ = std::make_unique<http::TestServer>(
        [=](const SeenRequest& request, int number) {
          if (request.target != "/_ping") return handler(request, number);
          return Reply{
              answer(200, "OK", version.empty() ? "" : "API-Version: " + version + "\r\n")};
        },
        socket());
  }
  /// Everything but the version is answered so.
  void serve(int status, const std::string& body) {
    serve([=](const SeenRequest&, int) { return Reply{answer(status, body)}; });
  }

  std::string folder_;
  std::unique_ptr<http::TestServer> server_;
};

TEST_F(DaemonTest, TheOlderOfBothVersionsIsSpoken) {
  struct Case {
    std::string theirs, spoken;
  };
  for (const Case& one : {Case{"1.41", "/v1.41"}, Case{"1.9", "/v1.9"}, Case{"1.51", "/v1.44"}}) {
    serve([](const SeenRequest&, int) { return Reply{answer(200, "{}")}; }, one.theirs);
    Daemon daemon(socket());
    EXPECT_TRUE(daemon.has_image("a").value_or(false));
    EXPECT_EQ(server_->seen().back().target, one.spoken + "/images/a/json");
    EXPECT_EQ(server_->seen().front().target, "/_ping");
    server_.reset();
    fs::remove(socket());
  }
}

TEST_F(DaemonTest, ADaemonThatIsTooNewIsNamed) {
  serve([](const SeenRequest&,
           int) { return Reply{answer(400, R"({"message":"client version 1.44 is too old"})")}; },
        "2.1");
  Daemon daemon(socket());
  const auto got = daemon.has_image("a");
  ASSERT_FALSE(got.has_value());
  EXPECT_EQ(
      got.error().message,
      "the Docker daemon does not speak version 1.44 of its API, the newest that this program "
      "knows: client version 1.44 is too old");
}

TEST_F(DaemonTest, WhoIsNotThereOrIsNoDaemonIsTold) {
  Daemon daemon(socket());
  const auto nobody = daemon.has_image("a");
  ASSERT_FALSE(nobody.has_value());
  EXPECT_EQ(nobody.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(nobody.error().message, "the Docker daemon does not answer: cannot connect to " +
                                        socket() + ": No such file or directory");
  EXPECT_FALSE(daemon.answered());

  serve([](const SeenRequest&, int) { return Reply{answer(200, "{}")}; }, "");
  const auto stranger = daemon.has_image("a");
  ASSERT_FALSE(stranger.has_value());
  EXPECT_EQ(stranger.error().message,
            "who answers at " + socket() + " is no Docker daemon: it has no Api-Version");
}

TEST_F(DaemonTest, RefusalsComeWithTheDaemonsWords) {
  struct Case {
    int status;
    ErrorCode code;
  };
  for (const Case& one : {Case{400, ErrorCode::kInvalidArgument}, Case{403, ErrorCode::kDenied},
                          Case{404, ErrorCode::kNotFound}, Case{409, ErrorCode::kConflict},
                          Case{500, ErrorCode::kUnavailable}, Case{503, ErrorCode::kUnavailable}}) {
    serve(one.status, R"({"message":"so it is"})");
    Daemon daemon(socket());
    const auto made = daemon.create("x", ContainerSpec{.image = "a"});
    ASSERT_FALSE(made.has_value());
    EXPECT_EQ(made.error().code, one.code) << one.status;
    EXPECT_EQ(made.error().message, "so it is");
    EXPECT_TRUE(daemon.answered());
    server_.reset();
    fs::remove(socket());
  }
}

TEST_F(DaemonTest, AnAnswerThatIsNoJsonIsAnError) {
  serve(200, "<html>");
  Daemon daemon(socket());
  const auto state = daemon.inspect("x");
  ASSERT_FALSE(state.has_value());
  EXPECT_EQ(state.error().code, ErrorCode::kCorrupt);
  EXPECT_EQ(daemon.list("a").error().code, ErrorCode::kCorrupt);
}

TEST_F(DaemonTest, WhatIsDoneAlreadyIsNoError) {
  serve(404, R"({"message":"No such container: x"})");
  Daemon daemon(socket());
  EXPECT_TRUE(daemon.remove("x").has_value());
  EXPECT_TRUE(daemon.stop("x", 1).has_value());
  EXPECT_EQ(daemon.inspect("x").error().code, ErrorCode::kNotFound);
  server_.reset();
  fs::remove(socket());
  serve(409, R"({"message":"removal of container x is already in progress"})");
  EXPECT_TRUE(daemon.remove("x").has_value());
  server_.reset();
  fs::remove(socket());
  serve(304, "");
  EXPECT_TRUE(daemon.start("x").has_value());
}

TEST_F(DaemonTest, TheStateOfAContainerIsRead) {
  serve(200, R"({"Id":"ab","State":{"Status":"exited","ExitCode":137,"OOMKilled":true,
      "Error":""},"Config":{"Labels":{"io.cordyna.attempt":"r/a/1"}}})");
  Daemon daemon(socket());
  const auto state = daemon.inspect("x");
  ASSERT_TRUE(state.has_value());
  EXPECT_EQ(state->id, "ab");
  EXPECT_TRUE(state->is_over());
  EXPECT_TRUE(state->was_started());
  EXPECT_EQ(state->exit_code, 137);
  EXPECT_TRUE(state->out_of_memory);
  EXPECT_EQ(state->labels.at("io.cordyna.attempt"), "r/a/1");
}

TEST_F(DaemonTest, ASpecBecomesWhatTheApiWants) {
  serve(201, R"({"Id":"ab","Warnings":[]})");
  Daemon daemon(socket());
  ContainerSpec spec{.image = "a:1",
                     .command = {"sh", "-c", "echo \"a b\""},
                     .env = {{"A", "1,2=3"}, {"EMPTY", ""}},
                     .user = "1000:1000",
                     .network = "none",
                     .mounts = {{"/data", "/in", true, false}, {"cache", "/c", false, true}},
                     .empty_folders = {"/in/.cordyna"},
                     .labels = {{"k", "v"}},
                     .memory_bytes = 64'000'000,
                     .cpu_millis = 500,
                     .file_bytes = 1000};
  EXPECT_EQ(daemon.create("dyna-x", spec).value_or(""), "ab");
  const SeenRequest request = server_->seen().back();
  EXPECT_EQ(request.target, "/v1.41/containers/create?name=dyna-x");
  const json::object body = json::parse(request.body).as_object();
  EXPECT_EQ(body.at("Env"), (json::array{"A=1,2=3", "EMPTY="}));
  EXPECT_EQ(body.at("Cmd"), (json::array{"sh", "-c", "echo \"a b\""}));
  EXPECT_FALSE(body.contains("Entrypoint"));
  const json::object host = body.at("HostConfig").as_object();
  EXPECT_EQ(host.at("NetworkMode"), "none");
  EXPECT_EQ(host.at("Memory"), 64'000'000);
  EXPECT_EQ(host.at("MemorySwap"), 64'000'000);
  EXPECT_EQ(host.at("NanoCpus"), 500'000'000);
  EXPECT_EQ(host.at("SecurityOpt"), json::array{"no-new-privileges:true"});
  EXPECT_FALSE(host.contains("Privileged"));
  const json::array mounts = host.at("Mounts").as_array();
  ASSERT_EQ(mounts.size(), 3U);
  EXPECT_EQ(mounts[0].at("Type"), "bind");
  EXPECT_EQ(mounts[0].at("ReadOnly"), true);
  EXPECT_EQ(mounts[1].at("Type"), "volume");
  EXPECT_EQ(mounts[2].at("Type"), "tmpfs");
  EXPECT_EQ(mounts[2].at("Target"), "/in/.cordyna");
}

TEST_F(DaemonTest, APullGoesToTheRightImageWithItsCredentials) {
  serve(200, "{\"status\":\"Status: Image is up to date\"}\n");
  Daemon daemon(socket());
  std::vector<std::string> said;
  const auto pulled = daemon.pull("r:5000/team/app:1", R"({"username":"u","password":"???>>>"})",
                                  [&said](std::string_view line) { said.emplace_back(line); });
  ASSERT_TRUE(pulled.has_value());
  EXPECT_EQ(said, std::vector<std::string>{"Status: Image is up to date"});
  const SeenRequest request = server_->seen().back();
  EXPECT_EQ(request.target, "/v1.41/images/create?fromImage=r%3A5000%2Fteam%2Fapp&tag=1");
  const std::string* auth = http::find_header(request.headers, "X-Registry-Auth");
  ASSERT_NE(auth, nullptr);
  EXPECT_EQ(auth->find_first_of("+/"), std::string::npos);
}

TEST_F(DaemonTest, OutputThatBreaksOffIsNoEnd) {
  serve([](const SeenRequest&, int) {
    return Reply{
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        "c\r\n" +
            std::string("\x01\0\0\0\0\0\0\x04one\n", 12) + "\r\n",
        Reply::End::kReset};
  });
  Daemon daemon(socket());
  std::string out;
  const auto followed = daemon.follow("x", false, [&out](OutputStream, std::string_view bytes) {
    out += bytes;
    return Result<>();
  });
  ASSERT_FALSE(followed.has_value());
  EXPECT_EQ(followed.error().code, ErrorCode::kUnavailable);
  EXPECT_FALSE(daemon.answered());
  EXPECT_EQ(out, "one\n");
}

TEST_F(DaemonTest, AWaitEndsWhenItIsCancelled) {
  serve([](const SeenRequest&, int) { return Reply{"", Reply::End::kHang}; });
  std::array<int, 2> ends{};
  ASSERT_EQ(pipe(ends.data()), 0);
  Daemon daemon(socket(), ends[0]);
  ASSERT_EQ(write(ends[1], "x", 1), 1);
  const auto waited = daemon.wait("x", 60'000);
  ASSERT_FALSE(waited.has_value());
  EXPECT_EQ(waited.error().code, ErrorCode::kCancelled);
  close(ends[0]);
  close(ends[1]);
}

TEST(Socket, OnlySocketsOfThisMachineAreTaken) {
  EXPECT_EQ(socket_of("").value_or(""), "/var/run/docker.sock");
  EXPECT_EQ(socket_of("unix:///run/d.sock").value_or(""), "/run/d.sock");
  const auto far = socket_of("tcp://10.0.0.1:2375");
  ASSERT_FALSE(far.has_value());
  EXPECT_EQ(far.error().code, ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace cordyna::docker
