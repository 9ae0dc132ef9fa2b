#pragma once

#include "json_reader.hpp"

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <tessera/dataset/manifest.hpp>

// The parts of manifest.json, both ways. Readers check types; check_manifest checks sense.
namespace tessera::dataset {

using OrderedJson = nlohmann::ordered_json;

OrderedJson to_json(CaptureEntry const& capture);
OrderedJson to_json(FailedCapture const& capture);
OrderedJson to_json(ShardEntry const& shard);
OrderedJson to_json(LabelSet const& set);
OrderedJson to_json(Manifest const& manifest);

CaptureEntry capture_from(JsonReader const& json);
FailedCapture failed_from(JsonReader const& json);
ShardEntry shard_from(JsonReader const& json);
Manifest manifest_from(JsonReader const& json);

/// Lists made item by item.
template <class Item>
OrderedJson list_of(std::vector<Item> const& items) {
    auto list = OrderedJson::array();
    for (auto const& item : items) list.push_back(to_json(item));
    return list;
}

template <class Item>
std::vector<Item> list_from(JsonReader const& json, Item (*read)(JsonReader const&)) {
    std::vector<Item> items;
    for (auto const& item : json.items()) items.push_back(read(item));
    return items;
}

}  // namespace tessera::dataset
