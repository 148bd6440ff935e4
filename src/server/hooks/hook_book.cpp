#include "server/hooks/hook_book.hpp"
#include "base/wipe.hpp"

#include <sys/stat.h>

#include <algorithm>

namespace cordyna::server {
namespace {

// Names come from outside, also ones that there are not.
constexpr std::size_t kFlowsMax = 10'000;
// Between two looks at the files of secrets: a burst of requests would else look for each.
constexpr Millis kLookDelay = 10;

std::unexpected<Error> no_hook() {
  return fail(ErrorCode::kNotFound, "there is no such webhook");
}

}  // namespace

HookBook::HookBook(StoreReader& reader, FlowCache& flows, const Secrets& secrets,
                   const StateLayout& layout)
    : reader_(reader),
      loader_(flows),
      secrets_(secrets),
      files_{layout.secret_store(), layout.plain_secrets()} {}

HookBook::~HookBook() {
  forget_secrets();
}

void HookBook::on_commit(const ChangeSet& changes) {
  if (!changes.applied.empty()) ++changes_;
}

Result<std::shared_ptr<const Flow>> HookBook::load(const std::string& ns,
                                                   const std::string& flow_id) {
  const auto row = reader_.find_applied(ns, flow_id);
  if (!row.has_value() && row.error().code != ErrorCode::kNotFound) {
    return std::unexpected<Error>(row.error());
  }
  if (!row.has_value() || row->removed_at != 0) return std::shared_ptr<const Flow>();
  TRY_ASSIGN(const FlowVersionRow version, reader_.find_flow(row->hash));
  return loader_.load(version.canonical, row->folder);
}

Result<Hook> HookBook::find(const std::string& ns, const std::string& flow_id,
                            const std::string& trigger) {
  const std::uint64_t changes = changes_.load();
  if (changes != seen_ || flows_.size() >= kFlowsMax) flows_.clear();
  seen_ = changes;
  const std::pair name(ns, flow_id);
  auto found = flows_.find(name);
  if (found == flows_.end()) {
    TRY_ASSIGN(std::shared_ptr<const Flow> flow, load(ns, flow_id));
    found = flows_.emplace(name, std::move(flow)).first;
  }
  if (found->second == nullptr) return no_hook();
  const Flow& flow = *found->second;
  const auto spec = std::ranges::find(flow.triggers, trigger, &TriggerSpec::id);
  if (spec == flow.triggers.end() || spec->type != TriggerType::kWebhook) return no_hook();
  return Hook{found->second, &*spec};
}

HookBook::Stamp HookBook::stamp_of(const std::string& path) {
  struct stat info{};
  if (::stat(path.c_str(), &info) != 0) return {};
  constexpr std::int64_t kNanos = 1'000'000'000;
  return {static_cast<std::int64_t>(info.st_ino), info.st_size,
          info.st_mtim.tv_sec * kNanos + info.st_mtim.tv_nsec};
}

void HookBook::forget_secrets() {
  for (auto& [name, value] : values_) wipe_secret(value);
  values_.clear();
}

void HookBook::look_at_files(Millis now) {
  if (now >= looked_at_ && now < looked_at_ + kLookDelay) return;  // a clock may be set back
  looked_at_ = now;
  std::vector<Stamp> stamps;
  stamps.reserve(files_.size());
  for (const std::string& file : files_) stamps.push_back(stamp_of(file));
  if (stamps != stamps_) forget_secrets();
  stamps_ = std::move(stamps);
}

Result<std::string> HookBook::secret(const std::string& name, Millis now) {
  look_at_files(now);
  const auto found = values_.find(name);
  if (found != values_.end()) return found->second;
  TRY_ASSIGN(std::string value, secrets_.find(name));
  values_[name] = value;
  return value;
}

}  // namespace cordyna::server
