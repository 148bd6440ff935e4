#include "process/data/step_fixture.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "process/data/child.hpp"
#include "process/data/data_step.hpp"

namespace cordyna::data {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

std::string read_whole(const std::string& path) {
  const std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

json::string_view key_view(std::string_view text) {
  return {text.data(), text.size()};
}

}  // namespace

std::string duckdb_for_tests() {
  const char* named = std::getenv("DYNA_DUCKDB");
  if (named != nullptr) return named;
  fs::path folder = fs::read_symlink("/proc/self/exe").parent_path();
  for (int up = 0; up < 4; ++up, folder = folder.parent_path()) {
    const fs::path place = folder / "libexec/cordyna/duckdb";
    if (!fs::exists(place)) continue;
    setenv("DYNA_DUCKDB", place.c_str(), 1);
    return place.string();
  }
  return {};
}

testing::AssertionResult has(const std::string& text, std::string_view part) {
  if (text.find(part) != std::string::npos) return testing::AssertionSuccess();
  return testing::AssertionFailure() << "no <" << part << "> in <" << text << ">";
}

void StepTest::SetUp() {
  ASSERT_FALSE(duckdb_for_tests().empty()) << "DuckDB is missing: `./dev build` installs it";
  std::string name = (fs::temp_directory_path() / "cordyna-step-XXXXXX").string();
  ASSERT_NE(mkdtemp(name.data()), nullptr);
  root_ = name;
  flow_ = root_ + "/flow";
  fs::create_directories(flow_);
}

void StepTest::TearDown() {
  fs::remove_all(root_);
}

std::string StepTest::file(std::string_view name, std::string_view content) {
  const std::string path = fmt::format("{}/{}", flow_, name);
  fs::create_directories(fs::path(path).parent_path());
  std::ofstream(path, std::ios::binary) << content;
  return path;
}

std::string StepTest::content(const std::string& path) const {
  return read_whole(path);
}

std::string StepTest::write_step(std::string_view type, std::string_view id,
                                 std::string_view params) {
  const std::string folder = fmt::format("{}/attempt-{}", root_, ++steps_);
  fs::create_directories(folder);
  json::object step{{"version", 1},
                    {"id", key_view(id)},
                    {"type", key_view(type)},
                    {"folder", flow_},
                    {"params", json::parse(key_view(params))},
                    {"upstream", upstream_},
                    {"paths",
                     {{"artifacts", folder + "/artifacts"},
                      {"work", folder + "/work"},
                      {"report", folder + "/report"},
                      {"private_mark", mark()}}}};
  if (!guard_.empty()) step["guard"] = guard_;
  std::ofstream(folder + "/step.json") << json::serialize(step);
  return folder + "/step.json";
}

std::string StepTest::mark() const {
  return fmt::format("{}/private/1/{}-1", root_, steps_);
}

int StepTest::run(std::string_view type, std::string_view id, std::string_view params) {
  const std::string path = write_step(type, id, params);
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  const int code = data_step_main(path);
  said_ = testing::internal::GetCapturedStdout();
  testing::internal::GetCapturedStderr();
  report_ = json::parse(read_whole(fs::path(path).parent_path() / "report")).as_object();
  if (code == 0 && !output("data").empty()) {
    upstream_[key_view(id)] = {{"path", report_["outputs"].at("data")},
                               {"schema", report_["outputs"].at("schema")}};
  }
  return code;
}

std::string StepTest::output(std::string_view name) const {
  const json::object& outputs = report_.at("outputs").as_object();
  const json::value* value = outputs.if_contains(key_view(name));
  return value == nullptr ? "" : json::serialize(*value);
}

std::string StepTest::output_text(std::string_view name) const {
  return json::value_to<std::string>(report_.at("outputs").at(key_view(name)));
}

std::string StepTest::error_code() const {
  if (!report_.contains("error")) return {};
  return json::value_to<std::string>(report_.at("error").at("code"));
}

std::string StepTest::error_message() const {
  if (!report_.contains("error")) return {};
  return json::value_to<std::string>(report_.at("error").at("message"));
}

Lines StepTest::rows(std::string sql) const {
  for (const auto& item : upstream_) {
    const std::string mark = fmt::format("{{{}}}", std::string(item.key()));
    for (std::size_t at = sql.find(mark); at != std::string::npos; at = sql.find(mark)) {
      sql.replace(at, mark.size(),
                  "'" + json::value_to<std::string>(item.value().at("path")) + "'");
    }
  }
  const EndSignals signals;
  const auto end = run_child(
      {{duckdb_for_tests(), "-no-init", "-batch", "-jsonlines", "-c", sql}, {}, root_, 0}, signals);
  Lines out;
  if (!end.has_value() || end->exit_code != 0) return {end.has_value() ? end->err : "no DuckDB"};
  std::istringstream lines(end->out);
  for (std::string line; std::getline(lines, line);) out.push_back(line);
  return out;
}

}  // namespace cordyna::data
