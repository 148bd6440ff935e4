/// Stored flow versions, each loaded once while somebody uses it: cerebro and the view share them.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.hpp"
#include "model/flow.hpp"

namespace cordyna {

/// Threads: any.
class FlowCache {
 public:
  /// As flow::from_canonical. Errors: kCorrupt.
  [[nodiscard]] Result<std::shared_ptr<const Flow>> load(std::string_view canonical,
                                                         std::string_view folder);

 private:
  using Key = std::pair<std::size_t, std::string>;  // hash of the canonical form, folder

  std::mutex mutex_;
  std::map<Key, std::weak_ptr<const Flow>> flows_;
};

}  // namespace cordyna
