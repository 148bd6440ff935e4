/// Values as YAML for people, which YAML 1.1 and 1.2 read alike.
///
/// Pure. Threads: any.
#pragma once

#include <boost/json/fwd.hpp>
#include <string>

namespace cordyna::flow {

/// Maps and lists of few short scalars stand on one line, others below each other. Ends with a line
/// break. `value` is a map or a list.
[[nodiscard]] std::string yaml_of(const boost::json::value& value);

}  // namespace cordyna::flow
