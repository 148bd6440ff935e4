// Pools and places: what they hold, and who waits for them.
#include "cerebro/explain.hpp"
#include "server/api/routes.hpp"
#include "service/json.hpp"

namespace cordyna::server {

void list_pools(Api& api, Call& call) {
  const FlowLoader loader = [&api](std::string_view canonical, std::string_view folder) {
    return api.flows().load(canonical, folder);
  };
  const auto pools = pool_use(api.reader(), loader, api.parts().limits, api.now());
  if (!pools.has_value()) return call.refuse(pools.error());
  call.answer(pools_as_json(*pools));
}

void list_places(Api& api, Call& call) {
  const FlowLoader loader = [&api](std::string_view canonical, std::string_view folder) {
    return api.flows().load(canonical, folder);
  };
  const auto places = place_use(api.reader(), loader, api.parts().limits, api.now());
  if (!places.has_value()) return call.refuse(places.error());
  call.answer(places_as_json(*places));
}

}  // namespace cordyna::server
