// Places of cordyna.yaml, and tasks that want one.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "flow/flow_file.hpp"
#include "flow/project_file.hpp"

namespace cordyna::flow {
namespace {

class PlaceFile : public testing::Test {
 protected:
  PlaceFile() {
    std::string name = testing::TempDir() + "/placesXXXXXX";
    folder_ = std::filesystem::canonical(::mkdtemp(name.data())).string();
  }
  ~PlaceFile() override { std::filesystem::remove_all(folder_); }

  void project(std::string_view text) const { std::ofstream(folder_ + "/cordyna.yaml") << text; }
  /// What is wrong with a flow of one task; empty: nothing.
  std::string of_task(std::string_view keys) {
    parsed_ = parse(fmt::format("id: f\ntasks:\n  - {{id: a, {}}}\n", keys), folder_ + "/flow.yaml",
                    folder_);
    std::string all;
    for (const Diagnostic& found : parsed_.diagnostics) {
      all += std::filesystem::path(format(found)).filename().string();
    }
    return all;
  }
  [[nodiscard]] const PlaceNeed& need() const { return parsed_.flow->tasks.at(0).place; }

  std::string folder_;
  Parsed parsed_;
};

constexpr const char* kThree =
    "places:\n"
    "  here: {type: local, cpu: 4, memory: 16GB, slots: 8}\n"
    "  small: {type: docker, host: 'unix:///run/docker.sock', cpu: 2, description: The old one.}\n"
    "  big: {type: kubernetes, context: acme, namespace: jobs, memory: 256GB, cost: 2.5,\n"
    "        labels: {gpu: a100, disk: ssd}}\n";

TEST_F(PlaceFile, SaysWhatEachHas) {
  project(kThree);
  const auto found = load_project(folder_);
  ASSERT_TRUE(found.has_value()) << found.error().message;
  ASSERT_EQ(found->places.size(), 3U);
  const PlaceSpec& big = found->places[0];
  EXPECT_EQ(big.name, "big");
  EXPECT_EQ(big.type, PlaceType::kKubernetes);
  EXPECT_EQ(big.context + " " + big.ns, "acme jobs");
  EXPECT_EQ(big.memory_bytes, 256'000'000'000U);
  EXPECT_EQ(big.cost_millis, 2500U);
  EXPECT_EQ(big.labels, (PlaceLabels{{"disk", "ssd"}, {"gpu", "a100"}}));
  EXPECT_EQ(found->places[1].slots, 8U);
  EXPECT_EQ(found->places[1].cpu_millis, 4000U);
  EXPECT_EQ(found->places[2].host, "unix:///run/docker.sock");
  EXPECT_EQ(found->places[2].description, "The old one.");
}

TEST_F(PlaceFile, WrongOnesAreReportedAtTheirPlace) {
  const auto wrong = [this](std::string_view places) {
    project(fmt::format("places: {}\n", places));
    const auto found = load_project(folder_);
    return found.has_value() ? std::string() : found.error().message;
  };
  EXPECT_NE(wrong("{a: {slots: 1}}").find("'type'"), std::string::npos);
  EXPECT_NE(wrong("{a: {type: cloud}}").find("docker"), std::string::npos);
  EXPECT_NE(wrong("{A: {type: local}}").find("bad_id"), std::string::npos);
  EXPECT_NE(wrong("[a]").find("wrong_type"), std::string::npos);
  EXPECT_NE(wrong("{a: {type: local, cpu: 0}}").find("bad_value"), std::string::npos);
  EXPECT_NE(wrong("{a: {type: local, cost: -1}}").find("bad_value"), std::string::npos);
  EXPECT_NE(wrong("{a: {type: local, memory: much}}").find("bad_value"), std::string::npos);
  EXPECT_NE(wrong("{a: {type: local, host: 'unix:///x'}}")
                .find("'host' is of places of type docker (bad_key); 'a' is of type local"),
            std::string::npos);
  EXPECT_NE(wrong("{a: {type: docker, host: 'tcp://10.0.0.1:2375'}}").find("a socket of this"),
            std::string::npos);
  EXPECT_NE(wrong("{a: {type: local, cores: 4}}").find("unknown_key"), std::string::npos);
  std::string many = "{";
  for (int i = 0; i < 101; ++i) many += fmt::format("p{}: {{type: local}},", i);
  EXPECT_NE(wrong(many + "}").find("at most 100"), std::string::npos);
}

TEST_F(PlaceFile, ATaskSaysWhatItNeedsAndItsTypeWhereItCanRun) {
  project(kThree);
  EXPECT_EQ(of_task("type: shell, script: x, resources: {cpu: 0.5, memory: 1GB}"), "");
  EXPECT_EQ(need().types, place_bit(PlaceType::kLocal));
  EXPECT_EQ(need().cpu_millis, 500U);
  EXPECT_EQ(need().memory_bytes, 1'000'000'000U);
  EXPECT_EQ(of_task("type: container, image: x"), "");
  EXPECT_EQ(need().types, place_bit(PlaceType::kDocker) | place_bit(PlaceType::kKubernetes));
  EXPECT_EQ(of_task("type: container, image: x, user: '1'"), "");
  EXPECT_EQ(need().types, place_bit(PlaceType::kDocker));
  for (const char* docker : {"cache: {key: a}", "resources: {time: 1m}", "tty: true"}) {
    EXPECT_EQ(of_task(fmt::format("type: container, image: x, {}", docker)), "");
    EXPECT_EQ(need().types, place_bit(PlaceType::kDocker)) << docker;
  }
  EXPECT_EQ(of_task("type: container, image: x, place: {labels: {gpu: a100}}"), "");
  EXPECT_EQ(need().labels, (PlaceLabels{{"gpu", "a100"}}));
  EXPECT_EQ(of_task("type: kubernetes, image: x, place: big"), "");
  EXPECT_EQ(need().name, "big");
  EXPECT_EQ(of_task("type: kubernetes, image: x, context: other"), "");
  EXPECT_EQ(need().types, 0);  // it says itself where
  EXPECT_EQ(of_task("type: log, message: x"), "");
  EXPECT_EQ(need(), PlaceNeed{});
}

TEST_F(PlaceFile, WhatNoPlaceCanEverTakeIsAnError) {
  project(kThree);
  EXPECT_EQ(of_task("type: shell, script: x, resources: {cpu: 5}"),
            "flow.yaml:3:5: error: no place of the project's cordyna.yaml can take task 'a': 'big' "
            "is of type kubernetes, where this task cannot run; 'here' has 4 cores, 5 cores are "
            "wanted; 'small' is of type docker, where this task cannot run (no_place)");
  EXPECT_NE(of_task("type: container, image: x, user: '1', place: {labels: {gpu: a100}}")
                .find("'big' is of type kubernetes, where this task cannot run with 'user'"),
            std::string::npos);
  EXPECT_NE(of_task("type: container, image: x, place: bigg").find("is not 'bigg'"),
            std::string::npos);
  EXPECT_NE(of_task("type: log, message: x, place: big").find("'place' cannot be here"),
            std::string::npos);
  EXPECT_NE(
      of_task("type: kubernetes, image: x, place: big, namespace: other").find("say where it runs"),
      std::string::npos);
  EXPECT_NE(of_task("type: shell, script: x, place: {gpu: a100}").find("unknown_key"),
            std::string::npos);
  EXPECT_NE(of_task("type: shell, script: x, place: 'A b'").find("bad_id"), std::string::npos);
  project("pools: {w: {slots: 1}}\n");
  EXPECT_EQ(of_task("type: shell, script: x, resources: {cpu: 500}"), "");  // nothing is counted
  EXPECT_NE(of_task("type: shell, script: x, place: big").find("it declares none"),
            std::string::npos);
}

TEST_F(PlaceFile, AStoredVersionKeepsWhatItsTasksWant) {
  project(kThree);
  ASSERT_EQ(of_task("type: container, image: x, place: {labels: {gpu: a100}}, resources: {cpu: 2}"),
            "");
  const auto back = from_canonical(parsed_.canonical, "/elsewhere");
  ASSERT_TRUE(back.has_value()) << back.error().message;
  EXPECT_EQ((*back)->tasks[0].place, need());
  EXPECT_EQ((*back)->hash, parsed_.flow->hash);
}

}  // namespace
}  // namespace cordyna::flow
