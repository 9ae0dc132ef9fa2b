#include "pickle_calls.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string_view>

#include <fmt/format.h>

#include <tessera/base/files.hpp>

namespace tessera::archive {
namespace {

constexpr std::size_t most_axes = 16;

constexpr std::array<std::pair<std::string_view, ElementType>, 10> storages{{
    {"torch.DoubleStorage", ElementType::float64},
    {"torch.FloatStorage", ElementType::float32},
    {"torch.HalfStorage", ElementType::float16},
    {"torch.BFloat16Storage", ElementType::bfloat16},
    {"torch.LongStorage", ElementType::int64},
    {"torch.IntStorage", ElementType::int32},
    {"torch.ShortStorage", ElementType::int16},
    {"torch.CharStorage", ElementType::int8},
    {"torch.ByteStorage", ElementType::uint8},
    {"torch.BoolStorage", ElementType::boolean},
}};

[[noreturn]] void refuse(std::string const& fault) {
    throw std::invalid_argument(fault);
}

template <class Content>
Content const& as(PickleValue const& value, char const* what) {
    auto const* content = std::get_if<Content>(&value.content);
    if (content == nullptr) refuse(fmt::format("{} is of the wrong kind", what));
    return *content;
}

std::vector<PickleRef> const& items(PickleValue const& value, std::size_t least, char const* what) {
    auto const& list = as<PickleList>(value, what).items;
    if (list.size() < least) refuse(fmt::format("{} has too few items", what));
    return list;
}

std::int64_t count(PickleValue const& value, char const* what) {
    auto const number = as<std::int64_t>(value, what);
    if (number < 0) refuse(fmt::format("{} is negative", what));
    return number;
}

std::vector<std::int64_t> counts(PickleValue const& value, char const* what) {
    auto const& list = items(value, 0, what);
    if (list.size() > most_axes) refuse(fmt::format("{} has too many axes", what));
    std::vector<std::int64_t> result;
    for (auto const* item : list) result.push_back(count(*item, what));
    return result;
}

/// torch._utils._rebuild_tensor_v2(storage, offset, shape, strides, ..).
PickleRef tensor(PickleArena& arena, PickleValue const& arguments) {
    auto const& list = items(arguments, 4, "a tensor");
    auto const& storage = as<PickleStorage>(*list[0], "a tensor's storage");
    DescribedTensor result{.name = {},
                           .type = storage.type,
                           .storage = storage.key,
                           .storage_elements = storage.elements,
                           .offset = count(*list[1], "an offset"),
                           .shape = counts(*list[2], "a shape"),
                           .strides = counts(*list[3], "a stride")};
    if (result.shape.size() != result.strides.size()) refuse("a shape does not fit its strides");
    return arena.make(std::move(result));
}

}  // namespace

ElementType type_of_storage(std::string const& name) {
    auto const* found =
        std::ranges::find(storages, name, [](auto const& storage) { return storage.first; });
    if (found == storages.end()) {
        refuse(fmt::format("'{}' is no known storage", base::printable(name)));
    }
    return found->second;
}

PickleRef called(PickleArena& arena, PickleValue const& name, PickleValue const& arguments) {
    auto const& text = as<PickleName>(name, "what is called").text;
    if (text == "collections.OrderedDict") return arena.make(PickleDictionary{});
    if (text == "torch._utils._rebuild_tensor_v2") return tensor(arena, arguments);
    if (text == "torch._utils._rebuild_parameter") {
        auto* data = items(arguments, 1, "a parameter")[0];
        as<DescribedTensor>(*data, "a parameter");
        return data;
    }
    refuse(
        fmt::format("it calls '{}': only tensors are read, nothing is run", base::printable(text)));
}

PickleRef storage_of(PickleArena& arena, PickleValue const& id) {
    auto const& list = items(id, 5, "a storage");
    if (as<std::string>(*list[0], "a storage") != "storage") refuse("a storage has no such id");
    return arena.make(PickleStorage{
        type_of_storage(as<PickleName>(*list[1], "a storage's type").text),
        as<std::string>(*list[2], "a storage's key"), count(*list[4], "a storage's size")});
}

}  // namespace tessera::archive
