/// What data outside of flows is called: a table, a file, an object, a topic.
///
/// Pure. Threads: any.
#pragma once

#include <compare>
#include <string>
#include <string_view>

#include <boost/json/fwd.hpp>

namespace cordyna::mesh {

struct Dataset {
  /// Where it is: the same for all who mean it, whatever they call their connection. What a
  /// template gives is "*" in it; a folder ends with a slash.
  std::string id;
  std::string name;  ///< for people: "warehouse/gold.orders", "data/orders.parquet"

  auto operator<=>(const Dataset&) const = default;
};

/// Whether what is made as `made` can be what is read as `read`: the same, or as far as "*" and
/// folders leave it open.
[[nodiscard]] bool may_be(std::string_view made, std::string_view read);

/// A file or an object, as `from` and `to` name it; relative ones lie in `folder`. The query of an
/// address is left out: it may hold a key.
[[nodiscard]] Dataset file_dataset(std::string_view named, std::string_view folder);
/// A table (or topic, or stream) of a connection, as a flow has it. "orders" is "public.orders" for
/// PostgreSQL.
[[nodiscard]] Dataset table_dataset(const boost::json::object& connection, std::string_view table,
                                    std::string_view folder);
/// The front that the ids of all tables of the connection have.
[[nodiscard]] std::string place_of(const boost::json::object& connection, std::string_view folder);

}  // namespace cordyna::mesh
