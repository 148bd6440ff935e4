// Pools and places, as the API shows them.
#include <array>

#include "model/place.hpp"
#include "server/api/specs.hpp"

namespace cordyna::server {
namespace {

using enum ValueType;

constexpr std::array kRateFields{
    Field{"count", kInteger, true, "So many"},
    Field{"per_ms", kInteger, true, "in such a time."},
    Field{"started", kInteger, true, "In the time that ends now."},
    Field{"next", kTime, false, "When the next may be."},
};
constexpr std::array kPoolFields{
    Field{"pool", kString, true, "Its name."},
    Field{"slots", kInteger, false, "How many it has."},
    Field{"used", kInteger, true, "How many are taken."},
    Field{"rate", kRef, false, "", {}, "Rate"},
    Field{"held_by", kRefs, true, "Who has one.", {}, "Holder"},
    Field{"waiting", kRefs, true, "Who waits.", {}, "Holder"},
    Field{"description", kString, true, "For people."},
};
constexpr std::array kPoolsFields{
    Field{"pools", kRefs, true, "Of the project.", {}, "Pool"},
};

constexpr std::array kPlaceFields{
    Field{"place", kString, true, "Its name."},
    Field{"type", kString, true, "What it is.", kPlaceTypes},
    Field{"cost", kNumber, true, "What it costs, compared with others."},
    Field{"slots", kInteger, false, "How many attempts it takes at a time."},
    Field{"used", kInteger, true, "How many it has."},
    Field{"cpu", kNumber, false, "Cores that it has."},
    Field{"cpu_used", kNumber, true, "Cores that are held."},
    Field{"memory", kInteger, false, "Bytes that it has."},
    Field{"memory_used", kInteger, true, "Bytes that are held."},
    Field{"labels", kObject, true, "What tasks may ask for: texts by their names."},
    Field{"held_by", kRefs, true, "What is there.", {}, "Holder"},
    Field{"waiting", kRefs, true, "What it could take, and waits.", {}, "Holder"},
    Field{"description", kString, true, "For people."},
};
constexpr std::array kPlacesFields{
    Field{"places", kRefs, true, "Of the project, by their names.", {}, "Place"},
};

}  // namespace

const ObjectSpec kRate{"Rate", "A limit of starts.", kRateFields};
const ObjectSpec kPool{"Pool", "A pool.", kPoolFields};
const ObjectSpec kPools{"Pools", "Pools.", kPoolsFields};
const ObjectSpec kPlace{"Place", "Where attempts run.", kPlaceFields};
const ObjectSpec kPlaces{"Places", "Places.", kPlacesFields};

}  // namespace cordyna::server
