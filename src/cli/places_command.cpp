// dyna places: what the project's places have and hold, and who waits for them.
#include <fmt/format.h>

#include "base/text.hpp"
#include "cerebro/explain.hpp"
#include "cli/commands.hpp"
#include "cli/limits.hpp"
#include "cli/list_watch.hpp"
#include "cli/side.hpp"
#include "cli/table.hpp"
#include "service/json.hpp"

namespace cordyna::cli {
namespace {

constexpr const char* kNoPlaces = "no places: cordyna.yaml of the project declares none";

/// "1.5 of 4", "3".
template <class Number>
std::string share(const Number& held, const Number& all, bool bounded) {
  return bounded ? fmt::format("{} of {}", held, all) : fmt::format("{}", held);
}

std::string labels_text(const PlaceLabels& labels) {
  std::string text;
  for (const auto& [name, value] : labels) {
    text += fmt::format("{}{}={}", text.empty() ? "" : " ", printable(name), printable(value));
  }
  return text.empty() ? "-" : text;
}

std::string places_table(const std::vector<PlaceUse>& places) {
  std::vector<std::vector<std::string>> rows = {
      {"PLACE", "TYPE", "COST", "ATTEMPTS", "CORES", "MEMORY", "WAITING", "LABELS", "DESCRIPTION"}};
  for (const PlaceUse& place : places) {
    const PlaceSpec& spec = place.spec;
    const auto thousandths = [](std::uint64_t number) {
      return static_cast<double>(number) / 1000;
    };
    rows.push_back(
        {spec.name, std::string(to_string(spec.type)),
         fmt::format("{}", thousandths(spec.cost_millis)),
         share<std::size_t>(place.holders.size(), spec.slots, spec.slots > 0),
         share(thousandths(place.cpu_millis), thousandths(spec.cpu_millis), spec.cpu_millis > 0),
         share(memory_text(place.memory_bytes), memory_text(spec.memory_bytes),
               spec.memory_bytes > 0),
         fmt::format("{}", place.waiting.size()), labels_text(spec.labels),
         printable(spec.description)});
  }
  return as_columns(rows);
}

/// Those of the project here, with what the state knows of them.
Result<std::vector<PlaceUse>> places_here(const CommandContext& context, Millis now) {
  TRY_ASSIGN(const LimitsHere here, limits_here(context));
  if (here.reader != nullptr) {
    return place_use(*here.reader, flow::from_canonical, here.limits, now);
  }
  std::vector<PlaceUse> places;
  places.reserve(here.limits.places.size());
  for (const PlaceSpec& spec : here.limits.places) places.push_back({spec});
  return places;
}

Result<std::vector<PlaceUse>> places_of(const CommandContext& context,
                                        const std::optional<client::ApiClient>& server,
                                        Millis now) {
  if (server.has_value()) return client::RemoteReader(*server).list_places();
  return places_here(context, now);
}

}  // namespace

CommandResult places_command(CommandContext& context) {
  if (context.arguments.watch) {
    TRY_ASSIGN(const Side side, side_here(context));
    const auto read = [&]() -> Result<ListShown> {
      TRY_ASSIGN(const std::vector<PlaceUse> places,
                 places_of(context, side.server, context.parts.clock->now()));
      std::vector<std::string> objects;
      objects.reserve(places.size());
      for (const PlaceUse& place : places) objects.push_back(places_as_json({place}));
      return list_shown(places_table(places), std::move(objects), kNoPlaces);
    };
    return watch_list(context, side, "places", read);
  }
  TRY_ASSIGN(const std::optional<client::ApiClient> server, server_here(context));
  TRY_ASSIGN(const std::vector<PlaceUse> places,
             places_of(context, server, context.parts.clock->now()));
  if (context.arguments.json) {
    context.output.write(places_as_json(places) + "\n");
  } else if (places.empty()) {
    context.output.write(std::string(kNoPlaces) + "\n");
  } else {
    context.output.write(places_table(places));
  }
  return ExitCode::kOk;
}

}  // namespace cordyna::cli
