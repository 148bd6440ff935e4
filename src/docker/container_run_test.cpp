#include "process/container/container_run.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "http/server_fixture.hpp"
#include "process/container/leftovers.hpp"

namespace cordyna::container {
namespace {

namespace fs = std::filesystem;
using docker::OutputStream;
using http::answer;
using http::Reply;
using http::SeenRequest;

constexpr const char* kAttempt = "run/work/1";

std::string frame(char stream, std::string_view bytes) {
  std::string out{stream, 0, 0, 0, 0, 0, 0, static_cast<char>(bytes.size())};
  return out + std::string(bytes);
}

std::string state(const std::string& status, const std::string& more = "",
                  const std::string& attempt = kAttempt) {
  return R"({"Id":"c1","State":{"Status":")" + status + "\"" + more +
         R"(},"Config":{"Labels":{"io.cordyna.attempt":")" + attempt + R"("}}})";
}

std::string refusal(const std::string& message) {
  return R"({"message":")" + message + R"("})";
}

/// A daemon with one container, whose answers a test replaces. It is asked by one thread.
class FakeDaemon {
 public:
  FakeDaemon() {
    std::string name = (fs::temp_directory_path() / "cordyna-run-XXXXXX").string();
    folder_ = mkdtemp(name.data());
    server_ = std::make_unique<http::TestServer>(
        [this](const SeenRequest& request, int) { return reply(request); }, socket());
  }
  ~FakeDaemon() {
    server_.reset();
    fs::remove_all(folder_);
  }
  FakeDaemon(const FakeDaemon&) = delete;
  FakeDaemon& operator=(const FakeDaemon&) = delete;

  [[nodiscard]] std::string socket() const { return folder_ + "/d.sock"; }

  /// How often it was asked for something: "POST /start".
  [[nodiscard]] long count(const std::string& what) const {
    const std::vector<SeenRequest> seen = server_->seen();
    return std::ranges::count_if(seen, [&](const SeenRequest& one) {
      return (one.method + " " + one.target).find(what.substr(what.find(' ') + 1)) !=
                 std::string::npos &&
             one.method == what.substr(0, what.find(' '));
    });
  }

  std::string listed = "[]";  // of this state folder
  Reply removal{answer(204, "")};
  bool has_image = true;
  std::string status = "created";  // of the container
  std::string exit = R"(,"ExitCode":0)";
  Reply pull{answer(200, "{\"status\":\"Status: Downloaded\"}\n")};
  std::vector<Reply> create{Reply{answer(201, R"({"Id":"c1"})")}};
  Reply start{answer(204, "")};
  std::vector<Reply> logs{Reply{answer(200, frame(1, "one\n") + frame(2, "bad\n"))}};
  std::vector<Reply> inspect;  // in place of the state, where there are any left
  std::string owner = kAttempt;
  std::function<void()> asked_for_logs;  // the first time

 private:
  static Reply next(std::vector<Reply>& replies) {
    Reply reply = replies.front();
    if (replies.size() > 1) replies.erase(replies.begin());
    return reply;
  }

  Reply reply(const SeenRequest& request) {
    const auto is = [&request](const char* method, std::string_view part) {
      return request.method == method && request.target.find(part) != std::string::npos;
    };
    if (is("GET", "/version")) return {answer(200, R"({"ApiVersion":"1.41"})")};
    if (is("GET", "/images/")) return {answer(has_image ? 200 : 404, "{}")};
    if (is("GET", "/containers/json?")) return {answer(200, listed)};
    if (is("POST", "/images/create")) return pull;
    if (is("POST", "/containers/create")) return next(create);
    if (is("POST", "/start")) {
      if (start.bytes.find(" 204 ") != std::string::npos) status = "running";
      return start;
    }
    if (is("GET", "/logs")) {
      if (asked_for_logs) std::exchange(asked_for_logs, nullptr)();
      Reply reply = next(logs);
      if (reply.end == Reply::End::kClose) status = "exited";
      return reply;
    }
    if (is("POST", "/stop")) {
      status = "exited";
      return {answer(204, "")};
    }
    if (is("POST", "/wait")) return {answer(200, R"({"StatusCode":0})")};
    if (request.method == "DELETE") return removal;
    if (is("GET", "/json")) {
      if (inspect.empty()) return {answer(200, state(status, exit, owner))};
      Reply reply = inspect.front();
      inspect.erase(inspect.begin());
      return reply;
    }
    return {answer(404, refusal("page not found"))};
  }

  std::string folder_;
  std::unique_ptr<http::TestServer> server_;
};

class ContainerRunTest : public testing::Test {
 protected:
  ContainerEnd run(int cancel_fd = -1) {
    docker::Daemon client(daemon_.socket());
    RunOptions options;
    options.name = container_name(kAttempt);
    options.attempt = kAttempt;
    options.task = "run/work";
    options.state = "state";
    options.away_max = 3'000;
    options.say = [this](std::string_view line) { said_.emplace_back(line); };
    options.output = [this](OutputStream stream, std::string_view bytes) -> Result<> {
      (stream == OutputStream::kOut ? out_ : err_) += bytes;
      return {};
    };
    return ContainerRun(client, task_, std::move(options), cancel_fd).run();
  }

  FakeDaemon daemon_;
  ContainerTask task_{.spec = {.image = "tiny:1"}};
  std::string out_;
  std::string err_;
  std::vector<std::string> said_;
};

TEST_F(ContainerRunTest, AContainerRunsToItsEndAndGoes) {
  daemon_.exit = R"(,"ExitCode":3)";
  const ContainerEnd end = run();
  EXPECT_EQ(end.trouble, Trouble::kNone) << end.message;
  EXPECT_EQ(end.exit_code, 3);
  EXPECT_EQ(out_, "one\n");
  EXPECT_EQ(err_, "bad\n");
  EXPECT_EQ(daemon_.count("POST /start"), 1);
  EXPECT_EQ(daemon_.count("DELETE /containers/c1"), 1);
  EXPECT_EQ(daemon_.count("POST /images/create"), 0);
}

TEST_F(ContainerRunTest, NothingBeginsBesideAFormerAttempt) {
  daemon_.listed = R"([{"Id":"old","Labels":{"io.cordyna.task":"run/work",
      "io.cordyna.attempt":"run/work/0"}}])";
  EXPECT_EQ(run().trouble, Trouble::kNone);
  EXPECT_EQ(daemon_.count("DELETE /containers/old"), 1);
  EXPECT_EQ(said_, std::vector<std::string>{"removed a container that nobody waits for"});

  daemon_.status = "created";
  daemon_.removal = {answer(500, refusal("device is busy"))};
  const ContainerEnd end = run();
  EXPECT_EQ(end.trouble, Trouble::kDaemonAway);
  EXPECT_EQ(end.message, "what former attempts left cannot be removed: device is busy");
  EXPECT_EQ(daemon_.count("POST /start"), 1);
}

TEST_F(ContainerRunTest, ATerminalHasOneStream) {
  task_.spec.tty = true;
  daemon_.logs = {Reply{answer(200, "plain\r\n")}};
  EXPECT_EQ(run().trouble, Trouble::kNone);
  EXPECT_EQ(out_, "plain\r\n");
}

TEST_F(ContainerRunTest, AnImageIsPulledAsTheTaskSays) {
  daemon_.has_image = false;
  EXPECT_EQ(run().trouble, Trouble::kNone);
  EXPECT_EQ(said_, (std::vector<std::string>{"pulling tiny:1", "Status: Downloaded"}));
  daemon_.has_image = true;
  daemon_.status = "created";
  task_.pull = Pull::kAlways;
  EXPECT_EQ(run().trouble, Trouble::kNone);
  EXPECT_EQ(daemon_.count("POST /images/create"), 2);
}

TEST_F(ContainerRunTest, AnImageThatCannotBeHadIsTold) {
  daemon_.has_image = false;
  task_.pull = Pull::kNever;
  ContainerEnd end = run();
  EXPECT_EQ(end.trouble, Trouble::kNoImage);
  EXPECT_EQ(end.message, "the image tiny:1 is not on this machine, and pull is 'never'");
  task_.pull = Pull::kMissing;
  daemon_.pull = {answer(404, refusal("manifest for tiny:1 not found"))};
  end = run();
  EXPECT_EQ(end.trouble, Trouble::kNoImage);
  EXPECT_EQ(end.message, "the image tiny:1 cannot be pulled: manifest for tiny:1 not found");
  daemon_.pull = {answer(500, refusal("Get https://r/v2/: dial tcp: i/o timeout"))};
  EXPECT_EQ(run().trouble, Trouble::kImageAway);
  daemon_.pull = {answer(200, R"({"error":"unauthorized: authentication required"})")};
  EXPECT_EQ(run().trouble, Trouble::kImageDenied);
  EXPECT_EQ(daemon_.count("POST /containers/create"), 0);
}

TEST_F(ContainerRunTest, OneThatIsThereIsTakenUpAndNotStartedAgain) {
  daemon_.create = {Reply{answer(409, refusal("name in use"))}};
  daemon_.status = "running";
  EXPECT_EQ(run().trouble, Trouble::kNone);
  EXPECT_EQ(daemon_.count("POST /start"), 0);
  EXPECT_EQ(out_, "one\n");
}

TEST_F(ContainerRunTest, AStrangersContainerIsLeftAlone) {
  daemon_.create = {Reply{answer(409, refusal("name in use"))}};
  daemon_.owner = "somebody/else/1";
  const ContainerEnd end = run();
  EXPECT_EQ(end.trouble, Trouble::kRefused);
  EXPECT_NE(end.message.find("docker rm -f dyna-run_work_1"), std::string::npos) << end.message;
  EXPECT_EQ(daemon_.count("DELETE /containers"), 0);
  EXPECT_EQ(daemon_.count("POST /start"), 0);
}

TEST_F(ContainerRunTest, ARefusalEndsItWithTheDaemonsWords) {
  daemon_.create = {Reply{answer(400, refusal("invalid mount config"))}};
  ContainerEnd end = run();
  EXPECT_EQ(end.trouble, Trouble::kRefused);
  EXPECT_EQ(end.message, "the Docker daemon refuses the container: invalid mount config");
  daemon_.create = {Reply{answer(500, refusal("devicemapper failed"))}};
  EXPECT_EQ(run().trouble, Trouble::kDaemonAway);
  daemon_.create = {Reply{answer(201, R"({"Id":"c1"})")}};
  daemon_.start = {answer(400, refusal("exec: nope: executable file not found"))};
  end = run();
  EXPECT_EQ(end.trouble, Trouble::kNotStarted);
  EXPECT_EQ(end.message, "exec: nope: executable file not found");
  EXPECT_EQ(daemon_.count("DELETE /containers/c1"), 1);
}

TEST_F(ContainerRunTest, ACallWhoseAnswerIsLostIsRepeatedWithoutDoingItTwice) {
  daemon_.create = {Reply{"", Reply::End::kReset}, Reply{answer(409, refusal("name in use"))}};
  daemon_.inspect = {Reply{"", Reply::End::kReset}, Reply{answer(500, refusal("not yet"))}};
  const ContainerEnd end = run();
  EXPECT_EQ(end.trouble, Trouble::kNone) << end.message;
  EXPECT_EQ(daemon_.count("POST /start"), 1);
}

TEST_F(ContainerRunTest, OutputThatBrokeOffGoesOnWhereItWas) {
  const std::string first = frame(1, "one\n") + frame(2, "bad\n");
  const std::string all = first + frame(1, "two\n") + frame(2, "worse\n");
  daemon_.logs = {
      Reply{"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + first, Reply::End::kReset},
      Reply{"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + all.substr(0, 15),
            Reply::End::kReset},
      Reply{answer(200, all)}};
  const ContainerEnd end = run();
  EXPECT_EQ(end.trouble, Trouble::kNone) << end.message;
  EXPECT_EQ(out_, "one\ntwo\n");
  EXPECT_EQ(err_, "bad\nworse\n");
  EXPECT_EQ(said_.size(), 1U);
}

TEST_F(ContainerRunTest, OutputThatTheDaemonKeptBackIsFetchedAtTheEnd) {
  const std::string first = frame(1, "one\n");
  daemon_.logs = {Reply{answer(200, first)},
                  Reply{answer(200, first + frame(1, "two\n") + frame(2, "bad\n"))}};
  EXPECT_EQ(run().trouble, Trouble::kNone);
  EXPECT_EQ(out_, "one\ntwo\n");
  EXPECT_EQ(err_, "bad\n");
}

TEST_F(ContainerRunTest, EachEndHasOneMeaning) {
  daemon_.exit = R"(,"ExitCode":137,"OOMKilled":true)";
  EXPECT_EQ(run().trouble, Trouble::kOutOfMemory);

  daemon_.status = "created";
  daemon_.exit = R"(,"ExitCode":137)";
  ContainerEnd end = run();
  EXPECT_EQ(end.trouble, Trouble::kNone);
  EXPECT_EQ(end.exit_code, 137);

  // The same, but the daemon was away meanwhile.
  daemon_.status = "created";
  daemon_.logs = {Reply{"", Reply::End::kReset}, Reply{answer(200, "")}};
  end = run();
  EXPECT_EQ(end.trouble, Trouble::kKilled);
  EXPECT_NE(end.message.find("live-restore"), std::string::npos);

  daemon_.status = "created";
  daemon_.exit = R"(,"ExitCode":128,"Error":"no such device")";
  end = run();
  EXPECT_EQ(end.trouble, Trouble::kNotStarted);
  EXPECT_EQ(end.message, "no such device");

  daemon_.status = "created";
  daemon_.inspect = {Reply{answer(200, state("created"))},
                     Reply{answer(404, refusal("No such container: c1"))}};
  end = run();
  EXPECT_EQ(end.trouble, Trouble::kRemoved);
  EXPECT_EQ(end.message, "the container was removed by somebody else: No such container: c1");

  daemon_.status = "created";
  daemon_.logs = {Reply{answer(409, refusal("it is marked for removal"))}};
  EXPECT_EQ(run().trouble, Trouble::kRemoved);
}

TEST_F(ContainerRunTest, ADaemonThatStaysAwayIsGivenUp) {
  daemon_.logs = {Reply{"", Reply::End::kReset}};
  const ContainerEnd end = run();
  EXPECT_EQ(end.trouble, Trouble::kDaemonAway);
  EXPECT_GT(daemon_.count("GET /logs"), 2);
}

TEST_F(ContainerRunTest, WithoutADaemonItIsToldHowToHaveOne) {
  docker::Daemon nobody("/nowhere/docker.sock");
  const ContainerEnd end = ContainerRun(nobody, task_, RunOptions{.name = "x"}, -1).run();
  EXPECT_EQ(end.trouble, Trouble::kNoDaemon);
  EXPECT_EQ(end.message,
            "the Docker daemon does not answer: cannot connect to /nowhere/docker.sock: No such "
            "file or directory; start it, or name its socket in DOCKER_HOST, as "
            "unix:///var/run/docker.sock");
}

/// A descriptor that becomes readable when somebody is to end.
class Cancel {
 public:
  Cancel() { EXPECT_EQ(pipe(ends_.data()), 0); }
  ~Cancel() {
    close(ends_[0]);
    close(ends_[1]);
  }
  Cancel(const Cancel&) = delete;
  Cancel& operator=(const Cancel&) = delete;
  void raise() const { EXPECT_EQ(write(ends_[1], "x", 1), 1); }
  [[nodiscard]] int fd() const { return ends_[0]; }

 private:
  std::array<int, 2> ends_{};
};

TEST_F(ContainerRunTest, OneThatIsToEndBeforeItBeganLeavesNothing) {
  const Cancel cancel;
  cancel.raise();
  EXPECT_EQ(run(cancel.fd()).trouble, Trouble::kCancelled);
  // By its name, where the answer to the call that makes it may be what was not waited for.
  EXPECT_EQ(daemon_.count("DELETE /containers/"), 1);
  EXPECT_EQ(daemon_.count("POST /start"), 0);
}

TEST_F(ContainerRunTest, OneThatIsToEndIsAskedToAndItsLastWordsAreKept) {
  const Cancel cancel;
  const std::string first = frame(1, "one\n");
  daemon_.logs = {
      Reply{"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + first, Reply::End::kHang},
      Reply{answer(200, first + frame(1, "bye\n"))}};
  daemon_.asked_for_logs = [&cancel] { cancel.raise(); };
  EXPECT_EQ(run(cancel.fd()).trouble, Trouble::kCancelled);
  EXPECT_EQ(out_, "one\nbye\n");
  EXPECT_EQ(daemon_.count("POST /stop?t=7"), 1);
  EXPECT_EQ(daemon_.count("DELETE /containers/c1"), 1);
}

TEST(ContainerName, IsOneThatDockerTakesAndNoOtherAttemptHas) {
  EXPECT_EQ(container_name("0190-ab/load/1"), "dyna-0190-ab_load_1");
  const std::string item = container_name("0190-ab/each[3]/load/1");
  EXPECT_TRUE(item.starts_with("dyna-0190-ab_each_3__load_1-")) << item;
  EXPECT_NE(item, container_name("0190-ab/each(3)/load/1"));
  const std::string longest = container_name("0190-ab/" + std::string(500, 'x') + "/1");
  EXPECT_LT(longest.size(), 240U);
  EXPECT_NE(longest, container_name("0190-ab/" + std::string(500, 'x') + "/2"));
}

}  // namespace
}  // namespace cordyna::container
