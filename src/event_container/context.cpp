#include "event_container/context.hpp"

#include <fmt/format.h>

#include <array>
#include <boost/json.hpp>
#include <charconv>
#include <initializer_list>
#include <optional>
#include <utility>

#include "base/durations.hpp"
#include "base/text.hpp"
#include "cordyna/errors.hpp"
#include "docker/container_run.hpp"

namespace cordyna::event_container {
namespace {

namespace json = boost::json;

constexpr std::string_view kEnvKey = "env.";

std::unexpected<Error> bad_value(std::string_view what) {
  return fail(ErrorCode::kInvalidArgument, std::string(what));
}

std::string shown_value(std::string_view text) {
  return fmt::format("'{}'", fit(printable(text), 60));
}

std::optional<json::value> json_of(std::string_view text) {
  boost::system::error_code problem;
  json::value value = json::parse({text.data(), text.size()}, problem);
  if (problem.failed()) return std::nullopt;
  return value;
}

Result<std::map<std::string, std::string>> read_texts(std::string_view value,
                                                      std::string_view example) {
  const auto wrong = [&] {
    return bad_value(
        fmt::format("{} is no JSON object of texts: {} is one", shown_value(value), example));
  };
  const std::optional<json::value> parsed = json_of(value);
  if (!parsed.has_value() || !parsed->is_object()) return wrong();
  std::map<std::string, std::string> texts;
  for (const auto& item : parsed->get_object()) {
    if (!item.value().is_string()) return wrong();
    texts[item.key()] = std::string(item.value().get_string());
  }
  return texts;
}

/// A list, or one word: where a text would have to be parted, nobody knows how.
Result<std::vector<std::string>> read_words(std::string_view value) {
  constexpr std::string_view kForm = R"(a JSON list of words is wanted, as ["sh","-c","echo hi"])";
  const bool is_list = value.starts_with('[');
  if (!is_list && value.find_first_of(" \t\n") != std::string_view::npos) {
    return bad_value(fmt::format("{} holds a blank; {}", shown_value(value), kForm));
  }
  if (!is_list) return std::vector<std::string>{std::string(value)};
  const std::optional<json::value> parsed = json_of(value);
  if (!parsed.has_value()) return bad_value(fmt::format("{}: {}", shown_value(value), kForm));
  std::vector<std::string> words;
  for (const json::value& word : parsed->get_array()) {
    if (!word.is_string()) return bad_value(fmt::format("{}: {}", shown_value(value), kForm));
    words.emplace_back(word.get_string());
  }
  return words;
}

Result<bool> read_bool(std::string_view value) {
  if (value == "true") return true;
  if (value == "false") return false;
  return bad_value(fmt::format("{} is neither true nor false", shown_value(value)));
}

Result<double> read_cpus(std::string_view value) {
  double cpus = 0;
  const char* const begin = value.data();
  const char* const end = begin + value.size();
  const auto [stopped, error] = std::from_chars(begin, end, cpus);
  if (error == std::errc() && stopped == end && cpus > 0) return cpus;
  return bad_value(fmt::format("{} is no number of processors: 0.5 and 2 are", shown_value(value)));
}

Result<std::chrono::milliseconds> read_time(std::string_view value) {
  TRY_ASSIGN(const Millis time, parse_duration(value));
  return std::chrono::milliseconds(time);
}

Result<ImagePull> read_pull(std::string_view value) {
  for (const auto& [word, pull] :
       {std::pair{"missing", ImagePull::kMissing}, std::pair{"always", ImagePull::kAlways},
        std::pair{"never", ImagePull::kNever}}) {
    if (value == word) return pull;
  }
  return bad_value(fmt::format("{} is none of missing, always, never", shown_value(value)));
}

Result<ContainerMount> read_mount(const json::value& value) {
  constexpr std::string_view kForm =
      R"(want {"source":"/data","target":"/in","read_only":true} in the list)";
  if (!value.is_object()) return bad_value(kForm);
  ContainerMount mount;
  for (const auto& item : value.get_object()) {
    const std::string_view key = item.key();
    if (key == "source" && item.value().is_string()) {
      mount.source = std::string(item.value().get_string());
    } else if (key == "target" && item.value().is_string()) {
      mount.target = std::string(item.value().get_string());
    } else if (key == "read_only" && item.value().is_bool()) {
      mount.read_only = item.value().get_bool();
    } else {
      return bad_value(fmt::format("{}: {}", shown_value(key), kForm));
    }
  }
  return mount;
}

Result<std::vector<ContainerMount>> read_mounts(std::string_view value) {
  const std::optional<json::value> parsed = json_of(value);
  if (!parsed.has_value() || !parsed->is_array()) {
    return bad_value(
        fmt::format(R"({} is no JSON list of mounts: [{{"source":"/data","target":"/in"}}] is one)",
                    shown_value(value)));
  }
  std::vector<ContainerMount> mounts;
  for (const json::value& item : parsed->get_array()) {
    TRY_ASSIGN(ContainerMount mount, read_mount(item));
    mounts.push_back(std::move(mount));
  }
  return mounts;
}

Result<> read_auth(std::string_view value, ContainerOptions& into) {
  constexpr const char* kForm = R"({"username":"me","password":"…"})";
  // The value is a secret: no message shows it.
  const auto texts = read_texts(value, kForm);
  if (!texts.has_value() || texts->size() != 2 || !texts->contains("username") ||
      !texts->contains("password")) {
    return bad_value(fmt::format("a JSON object as {} is wanted", kForm));
  }
  into.registry_user = texts->at("username");
  into.registry_password = texts->at("password");
  return {};
}

using Reader = Result<> (*)(std::string_view value, ContainerOptions& into);

template <std::string ContainerOptions::* kMember>
Result<> take_text(std::string_view value, ContainerOptions& into) {
  into.*kMember = value;
  return {};
}

/// What `kRead` makes of the value.
template <auto kMember, auto kRead>
Result<> take(std::string_view value, ContainerOptions& into) {
  TRY_ASSIGN(into.*kMember, kRead(value));
  return {};
}

Result<> take_env(std::string_view value, ContainerOptions& into) {
  TRY_ASSIGN(auto texts, read_texts(value, R"({"NAME":"value"})"));
  // env.NAME may have been there before, and says more.
  into.env.merge(texts);
  return {};
}

Result<> take_labels(std::string_view value, ContainerOptions& into) {
  TRY_ASSIGN(into.labels, read_texts(value, R"({"team":"data"})"));
  return {};
}

Result<> take_stop_wait(std::string_view value, ContainerOptions& into) {
  TRY_ASSIGN(const std::chrono::milliseconds time, read_time(value));
  into.stop_wait = std::chrono::ceil<std::chrono::seconds>(time);
  return {};
}

using Options = ContainerOptions;
constexpr auto kKeys = std::to_array<std::pair<std::string_view, Reader>>({
    {"auth", read_auth},
    {"command", take<&Options::command, read_words>},
    {"cpus", take<&Options::cpus, read_cpus>},
    {"docker_host", take_text<&Options::docker_host>},
    {"entrypoint", take<&Options::entrypoint, read_words>},
    {"env", take_env},
    {"image", take_text<&Options::image>},
    {"init", take<&Options::init, read_bool>},
    {"labels", take_labels},
    {"memory", take<&Options::memory_bytes, parse_size>},
    {"mounts", take<&Options::mounts, read_mounts>},
    {"network", take_text<&Options::network>},
    {"pull", take<&Options::pull, read_pull>},
    {"read_only", take<&Options::read_only, read_bool>},
    {"scope", take_text<&Options::scope>},
    {"stop_wait", take_stop_wait},
    {"timeout", take<&Options::timeout, read_time>},
    {"user", take_text<&Options::user>},
    {"working_dir", take_text<&Options::working_dir>},
});

Result<> read_key(std::string_view key, const std::string& value, ContainerOptions& into) {
  if (key.starts_with(kEnvKey)) {
    into.env[std::string(key.substr(kEnvKey.size()))] = value;
    return {};
  }
  std::string known;
  for (const auto& [name, read] : kKeys) {
    if (name == key) return read(value, into);
    known += fmt::format("{}, ", name);
  }
  return bad_value(
      fmt::format("it is no key of a container's execution context; there are: {}env.NAME", known));
}

}  // namespace

Result<ContainerOptions> options_of(const ProcessConfig& config) {
  ContainerOptions options;
  const auto& context = config.execution_context;
  if (!context.contains("image")) return fail(container_image_missing(config.name));
  for (const auto& [key, value] : context) {
    auto read = read_key(key, value, options);
    if (!read.has_value()) {
      return fail(fmt::format("process '{}': {}", printable(config.name), printable(key)),
                  std::move(read.error()));
    }
  }
  return options;
}

}  // namespace cordyna::event_container
