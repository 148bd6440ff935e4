/// The cache of a state: files beside its runs (entries.hpp).
///
/// Artifacts are linked, not copied, where the file system can: they cost space once. An artifact
/// that was changed since, by size or time, makes its entry worthless, which is then removed.
#pragma once

#include "model/layout.hpp"
#include "ports/clock.hpp"
#include "ports/secrets.hpp"
#include "ports/work_cache.hpp"

namespace cordyna::cache {

class FileCache final : public WorkCache {
 public:
  /// Borrows the secrets and the clock. The layout's folder is absolute.
  FileCache(StateLayout layout, const Secrets& secrets, const Clock& clock)
      : layout_(std::move(layout)), secrets_(secrets), clock_(clock) {}

  [[nodiscard]] std::expected<std::string, TaskError> key(const StartAttempt& command,
                                                          Preparer& preparer) override;
  [[nodiscard]] std::optional<std::string> take(const std::string& key, const StartAttempt& command,
                                                const std::string& staged,
                                                const std::string& target) override;
  [[nodiscard]] Result<> keep(const DoneWork& work) override;

 private:
  StateLayout layout_;
  const Secrets& secrets_;
  const Clock& clock_;
};

}  // namespace cordyna::cache
