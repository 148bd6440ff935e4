#include "model/place.hpp"

#include <gtest/gtest.h>

namespace cordyna {
namespace {

TEST(PlaceTest, WhatIsHeldGoesThroughTheStateAsAText) {
  EXPECT_EQ(to_text({}), "");
  EXPECT_EQ(parse_place_hold(""), PlaceHold{});
  const PlaceHold local{"here", PlaceType::kLocal, 500, 1'000'000};
  EXPECT_EQ(to_text(local), "here local cpu=500 memory=1000000");
  EXPECT_EQ(parse_place_hold(to_text(local)), local);
  const PlaceHold big{"big", PlaceType::kKubernetes, 0, 0};
  EXPECT_EQ(parse_place_hold(to_text(big)), big);
  for (const char* bad :
       {"big", "big local", " local cpu=1 memory=2", "big local cpu= memory=2",
        "big cloud cpu=1 memory=2", "big local cpu=1 memory=x", "big local memory=1 cpu=2",
        "big local cpu=-1 memory=2", "big local cpu=1 memory=2 more"}) {
    EXPECT_EQ(parse_place_hold(bad), std::nullopt) << bad;
  }
}

TEST(PlaceTest, AMisfitIsNamed) {
  PlaceSpec place{.name = "big",
                  .type = PlaceType::kKubernetes,
                  .cpu_millis = 2000,
                  .memory_bytes = 4'000'000'000};
  place.labels = {{"gpu", "a100"}};
  PlaceNeed need{.types = place_bit(PlaceType::kKubernetes)};
  EXPECT_EQ(misfit(place, need), "");
  need.labels = {{"gpu", "a100"}};
  need.cpu_millis = 2000;
  EXPECT_EQ(misfit(place, need), "");
  need.cpu_millis = 2001;
  EXPECT_EQ(misfit(place, need), "has 2 cores, 2.001 cores are wanted");
  need.cpu_millis = 1;
  need.memory_bytes = 4'500'000'000;
  EXPECT_EQ(misfit(place, need), "has 4 GB, 4.5 GB are wanted");
  need.labels = {{"gpu", "h100"}};
  EXPECT_EQ(misfit(place, need), "has the label gpu as 'a100', not 'h100'");
  need.labels = {{"disk", "ssd"}};
  EXPECT_EQ(misfit(place, need), "has no label disk");
  need.types = place_bit(PlaceType::kDocker);
  EXPECT_EQ(misfit(place, need), "is of type kubernetes, where this task cannot run");
  need.name = "small";
  EXPECT_EQ(misfit(place, need), "is not 'small', which is wanted");
}

}  // namespace
}  // namespace cordyna
