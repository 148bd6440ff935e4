#include "service/flow_cache.hpp"

#include <functional>

#include "flow/flow_file.hpp"

namespace cordyna {

Result<std::shared_ptr<const Flow>> FlowCache::load(std::string_view canonical,
                                                    std::string_view folder) {
  const Key key{std::hash<std::string_view>{}(canonical), std::string(folder)};
  {
    const std::lock_guard lock(mutex_);
    const auto known = flows_.find(key);
    if (known != flows_.end()) {
      if (auto flow = known->second.lock()) return flow;
    }
  }
  TRY_ASSIGN(std::shared_ptr<const Flow> flow, flow::from_canonical(canonical, folder));
  const std::lock_guard lock(mutex_);
  flows_[key] = flow;
  return flow;
}

}  // namespace cordyna
