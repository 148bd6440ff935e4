// dyna pools: what the project's pools hold, and who waits for them.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "base/text.hpp"
#include "cerebro/explain.hpp"
#include "cli/commands.hpp"
#include "cli/limits.hpp"
#include "service/json.hpp"

namespace cordyna::cli {
namespace {

std::string rate_text(const PoolUse& pool, Millis now) {
  if (pool.spec.rate.count == 0) return "-";
  std::string text = fmt::format("{} of {} per {}", pool.started, pool.spec.rate.count,
                                 format_delay(pool.spec.rate.per));
  if (pool.next_start > now) text += ", next in " + format_delay(pool.next_start - now);
  return text;
}

std::string as_table(const std::vector<PoolUse>& pools, Millis now) {
  std::vector<std::array<std::string, 6>> rows = {
      {"POOL", "SLOTS", "USED", "WAITING", "RATE", "DESCRIPTION"}};
  for (const PoolUse& pool : pools) {
    rows.push_back({pool.spec.name, pool.spec.slots > 0 ? fmt::format("{}", pool.spec.slots) : "-",
                    fmt::format("{}", pool.holders.size()), fmt::format("{}", pool.waiting.size()),
                    rate_text(pool, now), printable(pool.spec.description)});
  }
  std::array<std::size_t, 6> widths{};
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], display_width(row[i]));
    }
  }
  std::string out;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) line += pad(row[i], widths[i]) + "  ";
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  }
  return out;
}

}  // namespace

CommandResult pools_command(CommandContext& context) {
  TRY_ASSIGN(const std::string here, working_folder());
  const auto layout = find_state(context.choice, here);
  if (!layout.has_value() && layout.error().code != ErrorCode::kNotFound) {
    return std::unexpected<Error>(layout.error());
  }
  // A state that was given elsewhere belongs to no project: then the one here is meant.
  const bool given = !context.choice.given().empty();
  const std::string folder = layout.has_value() && !given ? folder_of(*layout) : here;
  TRY_ASSIGN(const engine::Limits limits, limits_for(1, folder));
  const Millis now = context.parts.clock->now();
  std::vector<PoolUse> pools;
  if (layout.has_value()) {
    TRY_ASSIGN(const std::unique_ptr<StoreReader> reader, context.parts.open_reader(*layout));
    TRY_ASSIGN(pools, pool_use(*reader, flow::from_canonical, limits.pools, now));
  } else {
    for (const PoolSpec& spec : limits.pools) pools.push_back({spec});
  }
  if (context.arguments.json) {
    context.output.write(pools_as_json(pools) + "\n");
  } else if (pools.empty()) {
    context.output.write("no pools: cordyna.yaml of the project declares none\n");
  } else {
    context.output.write(as_table(pools, now));
  }
  return ExitCode::kOk;
}

}  // namespace cordyna::cli
