// What work is known by.
#include <fmt/format.h>

#include <cstdlib>

#include "base/wipe.hpp"
#include "process/cache/digest.hpp"
#include "process/cache/file_cache.hpp"
#include "process/cache/file_hash.hpp"
#include "template/template.hpp"

namespace cordyna::cache {
namespace {

/// Changes where the rules here do: what was kept by others is then not found.
constexpr std::string_view kRules = "cordyna work 1";
constexpr std::string_view kSecretPrefix = "DYNA_SECRET_";
// In place of an attempt's own, which differ each time.
constexpr const char* kNoRun = "00000000-0000-0000-0000-000000000000";
constexpr const char* kNoFolder = "/attempt";

Result<std::string> find_variable(std::string_view name) {
  if (name.starts_with(kSecretPrefix)) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("env('{}') would show a secret; write secret('{}')", name,
                            name.substr(kSecretPrefix.size())));
  }
  const char* value = std::getenv(std::string(name).c_str());  // NOLINT(concurrency-mt-unsafe)
  if (value != nullptr) return std::string(value);
  return fail(ErrorCode::kNotFound,
              fmt::format("env('{0}'): {0} is not set in the environment of dyna; set it, or write "
                          "env('{0}') | default('…')",
                          name));
}

/// What the task's own key gives. Nothing of it is kept but its hash: it may hold a secret.
std::expected<std::string, TaskError> rendered_key(const StartAttempt& command,
                                                   const Secrets& secrets) {
  bool secret_failed = false;
  Budget budget;
  const tmpl::Lookup lookup{
      [&](std::string_view name) {
        Result<std::string> value = secrets.find(name);
        secret_failed = secret_failed || !value.has_value();
        return value;
      },
      &find_variable,
      [&](std::string_view pattern) { return hash_files(command.flow->folder, pattern, budget); }};
  const std::string& text = command.flow->tasks[command.task].cache.key;
  Result<std::string> key = tmpl::render(text, command.context, lookup);
  if (key.has_value()) return std::move(*key);
  return std::unexpected(make_task_error(
      secret_failed ? TaskErrorCode::kSecretMissing : TaskErrorCode::kTemplateFailed,
      Phase::kPrepare, "cache.key: " + key.error().message));
}

std::string replaced(std::string text, const std::string& what, const std::string& with) {
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at)) {
    text.replace(at, what.size(), with);
    at += with.size();
  }
  return text;
}

/// What the task does, as a program sees it.
std::expected<void, TaskError> add_launch(Digest& digest, Launch launch) {
  Budget budget;
  for (const std::string& path : launch.reads) {
    // Where an upstream's file lies says nothing of what is in it.
    Result<std::string> hash = hash_file(path, budget);
    if (!hash.has_value()) {
      return std::unexpected(make_task_error(TaskErrorCode::kInputInvalid, Phase::kPrepare,
                                             "cache: " + hash.error().message));
    }
    for (LaunchFile& file : launch.files) file.content = replaced(file.content, path, *hash);
  }
  digest.field(std::to_string(launch.argv.size()));
  for (const std::string& word : launch.argv) digest.field(word);
  digest.field(std::to_string(launch.env.size()));
  for (const auto& [name, value] : launch.env) {
    digest.field(name);
    digest.field(value);
  }
  for (const LaunchFile& file : launch.files) {
    if (file.told) continue;
    digest.field(file.name);
    digest.field(file.content);
  }
  for (auto& [name, value] : launch.env) wipe_secret(value);
  for (std::string& mask : launch.masks) wipe_secret(mask);
  return {};
}

}  // namespace

std::expected<std::string, TaskError> FileCache::key(const StartAttempt& command,
                                                     Preparer& preparer) {
  auto key = rendered_key(command, secrets_);
  if (!key.has_value()) return key;
  StartAttempt any = command;
  any.key.run = 0;
  any.key.attempt = 1;
  any.run_id = RunId{kNoRun};
  const std::string folder = kNoFolder;
  auto launch = preparer.prepare(any, {folder, folder + "/outputs", folder + "/report",
                                       folder + "/artifacts", folder + "/work", ""});
  if (!launch.has_value()) return std::unexpected(std::move(launch.error()));
  const Flow& flow = *command.flow;
  Digest digest;
  digest.field(kRules);
  digest.field(flow.ns);
  digest.field(flow.id);
  digest.field(command.key.path);
  digest.field(flow.tasks[command.task].type);
  digest.field(*key);
  wipe_secret(*key);
  const auto added = add_launch(digest, std::move(*launch));
  if (!added.has_value()) return std::unexpected(added.error());
  return digest.hex();
}

}  // namespace cordyna::cache
