#pragma once

#include "pickle_reader.hpp"

#include <cstdint>
#include <deque>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace tessera::archive {

struct PickleValue;
using PickleRef = PickleValue*;  ///< of an arena that outlives it; a pickle may build cycles

struct PickleNone {};
struct PickleMark {};

/// module.name of what a pickle wants to call; only a few are known.
struct PickleName {
    std::string text;
};

struct PickleList {
    std::vector<PickleRef> items;  ///< of a tuple or a list
};

struct PickleDictionary {
    std::vector<std::pair<PickleRef, PickleRef>> items;
};

struct PickleStorage {
    ElementType type = ElementType::float32;
    std::string key;
    std::int64_t elements = 0;
};

/// What a pickle can build here.
struct PickleValue {
    std::variant<PickleNone, PickleMark, bool, std::int64_t, std::string, PickleName, PickleList,
                 PickleDictionary, PickleStorage, DescribedTensor>
        content;
};

/// Owns all values of one pickle; addresses stay.
class PickleArena {
  public:
    template <class Content>
    PickleRef make(Content content) {
        return &values_.emplace_back(PickleValue{std::move(content)});
    }
    std::size_t size() const { return values_.size(); }

  private:
    std::deque<PickleValue> values_;
};

}  // namespace tessera::archive
