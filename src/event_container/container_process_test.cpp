#include "cordyna/container.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <functional>
#include <stop_token>
#include <utility>

#include "base/base64.hpp"
#include "cordyna/errors.hpp"
#include "docker/fake_daemon_fixture.hpp"
#include "event_container/event_lock.hpp"

namespace cordyna::event_container {
namespace {

using docker::FakeDaemon;
using docker::frame;
using docker::refusal;
using http::answer;
using http::Reply;

const Event kEvent{.location = "sales.orders",
                   .operation = Operation::kCreate,
                   .id = "7",
                   .trigger = "orders",
                   .data = R"({"k":"ä,\"b\""})",
                   .key = "k7"};

class ContainerProcessTest : public testing::Test {
 protected:
  ContainerProcessTest() { daemon_.keeps_config = true; }

  [[nodiscard]] ContainerOptions options() const {
    ContainerOptions options;
    options.image = "tiny:1";
    options.docker_host = "unix://" + daemon_.socket();
    return options;
  }
  static std::unique_ptr<Process> make(const ContainerOptions& options,
                                       const std::string& id = "report") {
    auto made = container_process(id, options);
    EXPECT_TRUE(made.has_value()) << made.error().message;
    return *std::move(made);
  }
  Result<ProcessStatus> run(const std::string& id = "report") const {
    return make(options(), id)->run({}, kEvent);
  }
  /// The body of the last call that made a container.
  [[nodiscard]] boost::json::object made() const {
    return boost::json::parse(daemon_.asked("POST /containers/create").back().body).as_object();
  }
  [[nodiscard]] std::string name() const {
    const std::string target = daemon_.asked("POST /containers/create").back().target;
    return target.substr(target.find("name=") + 5);
  }

  FakeDaemon daemon_;
};

TEST_F(ContainerProcessTest, AnEventRunsAContainerThatGetsItAndGoes) {
  const auto status = run();
  ASSERT_TRUE(status.has_value()) << status.error().message;
  EXPECT_EQ(*status, (ProcessStatus{.logs = {"one", "bad"}, .status = ExitStatus::kSuccess}));
  const boost::json::object body = made();
  EXPECT_EQ(body.at("Env").as_array(),
            (boost::json::array{"PIPELINE_EVENT=" + base64(to_json(kEvent))}));
  EXPECT_EQ(body.at("Labels").as_object(), (boost::json::object{{"io.cordyna.event", "k7"},
                                                                {"io.cordyna.input", "orders"},
                                                                {"io.cordyna.process", "report"},
                                                                {"io.cordyna.scope", ""}}));
  EXPECT_EQ(body.at("HostConfig").at("NetworkMode"), "bridge");
  EXPECT_EQ(daemon_.count("DELETE /containers/c1"), 1);
  EXPECT_EQ(daemon_.count("POST /start"), 1);
}

TEST_F(ContainerProcessTest, TheOptionsAreWhatDockerIsAskedFor) {
  ContainerOptions all = options();
  all.command = {"run", "a; b"};
  all.entrypoint = {"/init"};
  all.env = {{"LIST", "1,2"}};
  all.network = "none";
  all.memory_bytes = 64'000'000;
  all.cpus = 0.0001;
  all.user = "worker";
  all.working_dir = "/w";
  all.mounts = {{"/data", "/in"}, {"cache", "/c", false}};
  all.labels = {{"team", "data"}};
  all.read_only = true;
  all.init = true;
  ASSERT_TRUE(make(all)->run({}, kEvent).has_value());
  const boost::json::object body = made();
  const boost::json::object& host = body.at("HostConfig").as_object();
  EXPECT_EQ(body.at("Cmd").as_array(), (boost::json::array{"run", "a; b"}));
  EXPECT_EQ(body.at("Entrypoint").as_array(), boost::json::array{"/init"});
  EXPECT_EQ(body.at("Env").as_array().at(0), "LIST=1,2");
  EXPECT_EQ(body.at("User"), "worker");
  EXPECT_EQ(body.at("WorkingDir"), "/w");
  EXPECT_EQ(body.at("Labels").at("team"), "data");
  EXPECT_EQ(host.at("NetworkMode"), "none");
  EXPECT_EQ(host.at("Memory"), 64'000'000);
  EXPECT_EQ(host.at("NanoCpus"), 1'000'000);
  EXPECT_EQ(host.at("ReadonlyRootfs"), true);
  EXPECT_EQ(host.at("Init"), true);
  EXPECT_EQ(boost::json::serialize(host.at("Mounts")),
            R"([{"Type":"bind","Source":"/data","Target":"/in","ReadOnly":true},)"
            R"({"Type":"volume","Source":"cache","Target":"/c","ReadOnly":false}])");
}

TEST_F(ContainerProcessTest, AnyIdMakesANameAndEachEventAnother) {
  const auto name_of = [this](const std::string& id, const Event& event, std::string scope = {}) {
    ContainerOptions scoped = options();
    scoped.scope = std::move(scope);
    EXPECT_TRUE(make(scoped, id)->run({}, event).has_value());
    return name();
  };
  const std::string first = name_of("report", kEvent);
  EXPECT_TRUE(first.starts_with("cordyna-report-")) << first;
  EXPECT_EQ(name_of("report", kEvent), first);
  Event other = kEvent;
  other.data = "{}";
  EXPECT_NE(name_of("report", other), first);
  EXPECT_NE(name_of("report", kEvent, "test"), first);
  EXPECT_NE(name_of("repor", kEvent, "t"), name_of("report", kEvent));
  const std::string odd = name_of("Bericht für alle/ß", kEvent);
  EXPECT_EQ(
      odd.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-"),
      std::string::npos)
      << odd;
}

TEST_F(ContainerProcessTest, AnotherCodeThanNullIsAFailureWithItsLogs) {
  daemon_.exit = R"(,"ExitCode":3)";
  const auto status = run();
  ASSERT_FALSE(status.has_value());
  const auto* ended = detail_of<ContainerNonZeroExit>(status.error());
  ASSERT_NE(ended, nullptr);
  EXPECT_EQ(ended->exit_code, 3);
  EXPECT_EQ(ended->process, "report");
  EXPECT_EQ(ended->logs, (std::vector<std::string>{"one", "bad"}));
  EXPECT_EQ(daemon_.count("DELETE /containers/c1"), 1);
}

TEST_F(ContainerProcessTest, WhatIsThereOfTheSameEventIsTakenUp) {
  ASSERT_TRUE(run().has_value());
  for (const char* status : {"running", "exited"}) {
    daemon_.is_there = true;
    daemon_.status = status;
    daemon_.exit = R"(,"ExitCode":4)";
    const auto again = run();
    ASSERT_FALSE(again.has_value());
    const auto* ended = detail_of<ContainerNonZeroExit>(again.error());
    ASSERT_NE(ended, nullptr) << again.error().message;
    EXPECT_EQ(ended->exit_code, 4);
    EXPECT_EQ(ended->logs, (std::vector<std::string>{"one", "bad"}));
  }
  EXPECT_EQ(daemon_.count("POST /start"), 1);
  EXPECT_EQ(daemon_.count("DELETE /containers/c1"), 3);
}

TEST_F(ContainerProcessTest, OneOfAnotherEventThatHasItsNameIsLeftAlone) {
  daemon_.is_there = true;
  daemon_.config = R"({"Labels":{"io.cordyna.process":"report","io.cordyna.scope":""},
                       "Env":["PIPELINE_EVENT=e30="]})";
  const auto status = run();
  ASSERT_FALSE(status.has_value());
  EXPECT_EQ(status.error().code, ErrorCode::kConflict);
  EXPECT_NE(status.error().message.find("process 'report': a container with the name "),
            std::string::npos)
      << status.error().message;
  EXPECT_EQ(daemon_.count("DELETE /containers/"), 0);
}

TEST_F(ContainerProcessTest, OneProcessAtATimeHasAnEventsContainer) {
  const auto process = make(options());
  Result<ProcessStatus> second;
  daemon_.asked_for_logs = [&] { second = make(options())->run({}, kEvent); };
  EXPECT_TRUE(process->run({}, kEvent).has_value());
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code, ErrorCode::kConflict);
  EXPECT_NE(second.error().message.find("`scope`"), std::string::npos) << second.error().message;
  EXPECT_EQ(daemon_.count("POST /start"), 1);
}

TEST_F(ContainerProcessTest, AStopEndsItAndItsLastWordsAreKept) {
  std::stop_source stop;
  const std::string first = frame(1, "one\n");
  daemon_.logs = {
      Reply{"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + first, Reply::End::kHang},
      Reply{answer(200, first + frame(1, "bye"))}};
  daemon_.asked_for_logs = [&stop] { stop.request_stop(); };
  ContainerOptions kind = options();
  kind.stop_wait = std::chrono::seconds(3);
  const auto status = make(kind)->run(stop.get_token(), kEvent);
  ASSERT_FALSE(status.has_value());
  EXPECT_EQ(status.error().code, ErrorCode::kCancelled);
  EXPECT_EQ(status.error().detail->logs, (std::vector<std::string>{"one", "bye"}));
  EXPECT_EQ(daemon_.count("POST /stop?t=3"), 1);
  EXPECT_EQ(daemon_.count("DELETE /containers/c1"), 1);
}

TEST_F(ContainerProcessTest, OneThatTakesTooLongIsEndedAndToldSo) {
  daemon_.logs = {Reply{"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", Reply::End::kHang},
                  Reply{answer(200, frame(1, "late\n"))}};
  ContainerOptions limited = options();
  limited.timeout = std::chrono::milliseconds(50);
  const auto status = make(limited)->run({}, kEvent);
  ASSERT_FALSE(status.has_value());
  EXPECT_EQ(status.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(status.error().message,
            "process 'report': its container took longer than its timeout of 50ms, and was ended");
  EXPECT_EQ(daemon_.count("DELETE /containers/"), daemon_.count("POST /stop"));
}

TEST_F(ContainerProcessTest, WhatCouldNotBeRemovedIsRemovedBeforeTheNextAndNotTakenUp) {
  daemon_.removal = {answer(500, refusal("device is busy"))};
  daemon_.exit = R"(,"ExitCode":3)";
  const auto process = make(options());
  EXPECT_FALSE(process->run({}, kEvent).has_value());
  auto again = process->run({}, kEvent);
  ASSERT_FALSE(again.has_value());
  EXPECT_EQ(again.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(again.error().message,
            "process 'report': what former attempts left cannot be removed: device is busy");
  daemon_.removal = {answer(204, "")};
  daemon_.exit = R"(,"ExitCode":0)";
  EXPECT_TRUE(process->run({}, kEvent).has_value());
  EXPECT_EQ(daemon_.count("POST /start"), 2);
}

TEST_F(ContainerProcessTest, WhoIsToldOfCommitsRemovesASuccessThenAndWhatWasLeftBefore) {
  const auto process = make(options());
  ASSERT_TRUE(process->run({}, kEvent).has_value());
  const std::string mine = name();
  const auto listed = [](const std::string& id, const std::string& one, const std::string& status,
                         const std::string& scope) {
    return R"({"Id":")" + id + R"(","Names":["/x/y","/)" + one + R"("],"State":")" + status +
           R"(","Labels":{"io.cordyna.process":"report","io.cordyna.scope":")" + scope + R"("}})";
  };
  daemon_.listed = "[" + listed("c1", mine, "exited", "") + "," +
                   listed("old", "cordyna-report-0", "exited", "") + "," +
                   listed("lives", "cordyna-report-1", "running", "") + "," +
                   listed("other", "cordyna-report-2", "exited", "other") + "]";
  daemon_.is_there = true;
  daemon_.status = "exited";
  process->begin([](const std::function<void(const Event&)>& take) { take(kEvent); });
  ASSERT_TRUE(process->run({}, kEvent).has_value());
  EXPECT_EQ(daemon_.count("DELETE /containers/old"), 1);
  EXPECT_EQ(daemon_.count("DELETE /containers/"), 2);
  process->kept(kEvent);
  EXPECT_EQ(daemon_.count("DELETE /containers/c1"), 2);
  EXPECT_EQ(daemon_.count("DELETE /containers/"), 3);
  EXPECT_EQ(daemon_.count("POST /start"), 1);
}

TEST_F(ContainerProcessTest, EachFailureHasItsCode) {
  struct Case {
    const char* name;
    std::function<void(FakeDaemon&)> set;
    ErrorCode code;
    std::string message;
  };
  const std::string front = "process 'report': ";
  for (const Case& one : {
           Case{"no such image",
                [](FakeDaemon& d) {
                  d.has_image = false;
                  d.pull = {answer(404, refusal("manifest unknown"))};
                },
                ErrorCode::kNotFound, "the image tiny:1 cannot be pulled: manifest unknown"},
           Case{"not for us",
                [](FakeDaemon& d) { d.pull = {answer(200, R"({"error":"unauthorized: no"})")}; },
                ErrorCode::kDenied, "the image tiny:1 cannot be pulled: unauthorized: no"},
           Case{"refused",
                [](FakeDaemon& d) {
                  d.has_image = true;
                  d.create = {Reply{answer(400, refusal("invalid mount"))}};
                },
                ErrorCode::kInvalidArgument,
                "the Docker daemon refuses the container: invalid mount"},
           Case{"no program",
                [](FakeDaemon& d) {
                  d.create = {Reply{answer(201, R"({"Id":"c1"})")}};
                  d.start = {answer(400, refusal("exec: nope: not found"))};
                },
                ErrorCode::kUnavailable, "exec: nope: not found"},
           Case{"out of memory",
                [](FakeDaemon& d) {
                  d.start = {answer(204, "")};
                  d.exit = R"(,"ExitCode":137,"OOMKilled":true)";
                },
                ErrorCode::kUnavailable,
                "out of memory: its container wanted more than its 0 bytes"},
       }) {
    one.set(daemon_);
    const auto status = run();
    ASSERT_FALSE(status.has_value()) << one.name;
    EXPECT_EQ(status.error().code, one.code) << one.name;
    EXPECT_EQ(status.error().message, front + one.message) << one.name;
  }
}

TEST(ContainerProcess, WithoutADaemonItIsToldHowToHaveOne) {
  ContainerOptions options;
  options.image = "tiny:1";
  options.docker_host = "unix:///nowhere/docker.sock";
  const auto status = (*container_process("report", options))->run({}, kEvent);
  ASSERT_FALSE(status.has_value());
  EXPECT_EQ(status.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(status.error().message,
            "process 'report': the Docker daemon does not answer: cannot connect to "
            "/nowhere/docker.sock: No such file or directory; start it, or name its socket in "
            "DOCKER_HOST, as unix:///var/run/docker.sock");
}

TEST(ContainerProcess, AnEventThatNoVariableHoldsIsRefused) {
  ContainerOptions options;
  options.image = "tiny:1";
  const auto process = *container_process("report", options);
  Event large = kEvent;
  large.data = '"' + std::string(kContainerEventMax, 'x') + '"';
  const auto status = process->run({}, large);
  ASSERT_FALSE(status.has_value());
  EXPECT_EQ(status.error().code, ErrorCode::kInvalidArgument);
  EXPECT_NE(status.error().message.find("at most 98,292 by a variable"), std::string::npos)
      << status.error().message;
}

TEST(ContainerProcess, OptionsThatAreNoneAreNamed) {
  const auto error_of = [](const std::function<void(ContainerOptions&)>& change) {
    ContainerOptions options;
    options.image = "tiny:1";
    change(options);
    const auto made = container_process("p", options);
    EXPECT_FALSE(made.has_value());
    return made.has_value() ? std::string() : made.error().message;
  };
  EXPECT_EQ(error_of([](auto& o) { o.image = "a b"; }),
            "process 'p': image: 'a b' is no name of an image: it holds a blank");
  EXPECT_EQ(error_of([](auto& o) { o.env = {{"PIPELINE_EVENT", "x"}}; }),
            "process 'p': env: PIPELINE_EVENT is the event's: choose another name");
  EXPECT_EQ(error_of([](auto& o) { o.env = {{"", "x"}}; }),
            "process 'p': env: '' is no name of a variable: one has at least a letter, and no '='");
  EXPECT_EQ(error_of([](auto& o) { o.command = {"x", std::string("a\0b", 3)}; }),
            "process 'p': command.1: it holds a NUL byte, which no program can be handed");
  EXPECT_EQ(error_of([](auto& o) { o.mounts = {{"./x", "/in"}}; }),
            "process 'p': mounts.0: source is './x'; it is an absolute path, as /data, or the name "
            "of a volume");
  EXPECT_EQ(
      error_of([](auto& o) { o.mounts = {{"/x", "in"}}; }),
      "process 'p': mounts.0: target is 'in'; it is an absolute path within the container, as "
      "/data");
  EXPECT_EQ(error_of([](auto& o) { o.labels = {{"io.cordyna.process", "x"}}; }),
            "process 'p': labels: 'io.cordyna.process': names with io.cordyna. are ours");
  EXPECT_EQ(error_of([](auto& o) { o.cpus = -1; }),
            "process 'p': cpus: -1 is no number of processors: 0.5 and 2 are");
  EXPECT_EQ(error_of([](auto& o) { o.network = ""; }),
            "process 'p': network: it is empty; bridge, none and host are networks");
  EXPECT_EQ(error_of([](auto& o) { o.docker_host = "tcp://far:2375"; }).substr(0, 44),
            "process 'p': DOCKER_HOST is 'tcp://far:2375'");
}

}  // namespace
}  // namespace cordyna::event_container
