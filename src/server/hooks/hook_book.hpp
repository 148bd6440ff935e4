/// The webhooks that there are, and the secrets that open them: kept while nothing changes, for
/// both are asked for each request.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "cerebro/cerebro.hpp"
#include "model/layout.hpp"
#include "ports/secrets.hpp"
#include "ports/store.hpp"
#include "service/flow_cache.hpp"

namespace cordyna::server {

struct Hook {
  std::shared_ptr<const Flow> flow;
  const TriggerSpec* trigger = nullptr;  ///< of the flow
};

/// Threads: those of CommitObserver on cerebro's thread; the others on one thread.
class HookBook final : public CommitObserver {
 public:
  /// Borrows all.
  HookBook(StoreReader& reader, FlowCache& flows, const Secrets& secrets,
           const StateLayout& layout);
  ~HookBook() override;
  HookBook(const HookBook&) = delete;
  HookBook& operator=(const HookBook&) = delete;

  /// Errors: kNotFound: no such flow is applied, or it has no such webhook; those of the store.
  [[nodiscard]] Result<Hook> find(const std::string& ns, const std::string& flow_id,
                                  const std::string& trigger);
  /// Its value; of one that another process has changed, for some ms yet the old one. `now`: wall
  /// clock. Errors: as Secrets::find.
  [[nodiscard]] Result<std::string> secret(const std::string& name, Millis now);
  /// One was changed here: from now on that one holds.
  void forget_secrets();

  void on_commit(const ChangeSet& changes) override;
  void on_stopped(const Error& /*error*/) override {}

 private:
  /// Of a file, enough to see that it was written anew.
  struct Stamp {
    std::int64_t inode = 0;
    std::int64_t size = -1;
    std::int64_t changed = 0;
    bool operator==(const Stamp&) const = default;
  };
  [[nodiscard]] static Stamp stamp_of(const std::string& path);
  [[nodiscard]] Result<std::shared_ptr<const Flow>> load(const std::string& ns,
                                                         const std::string& flow_id);
  void look_at_files(Millis now);

  StoreReader& reader_;
  FlowCache& loader_;
  const Secrets& secrets_;
  std::vector<std::string> files_;  // in which secrets are
  std::atomic<std::uint64_t> changes_ = 0;
  std::uint64_t seen_ = 0;
  // Null: there is none.
  std::map<std::pair<std::string, std::string>, std::shared_ptr<const Flow>> flows_;
  std::map<std::string, std::string> values_;
  std::vector<Stamp> stamps_;
  Millis looked_at_ = 0;
};

}  // namespace cordyna::server
