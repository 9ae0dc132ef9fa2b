#include "pickle_reader.hpp"
#include "zip_parts.hpp"

#include <algorithm>
#include <stdexcept>

#include <fmt/format.h>

#include <tessera/archive/torch_archive.hpp>
#include <tessera/base/error.hpp>
#include <tessera/base/files.hpp>

namespace tessera::archive {
namespace {

constexpr std::string_view pickle_name = "/data.pkl";
constexpr std::size_t longest_pickle = std::size_t{64} << 20U;  // bytes

[[noreturn]] void refuse(DescribedTensor const& tensor, char const* fault) {
    throw std::invalid_argument(fmt::format("tensor '{}' {}", base::printable(tensor.name), fault));
}

/// The folder in the zip that holds data.pkl; PyTorch names it after the file.
std::string folder_of(ZipParts const& parts) {
    for (auto const& [name, bytes] : parts) {
        if (name.ends_with(pickle_name)) return name.substr(0, name.size() - pickle_name.size());
    }
    throw std::invalid_argument("it is a zip file without a data.pkl: no checkpoint of PyTorch");
}

/// Elements of a shape; refused above what `limit` allows, so that no product overflows.
std::uint64_t elements_of(DescribedTensor const& tensor, std::uint64_t limit) {
    std::uint64_t elements = 1;
    for (auto const size : tensor.shape) {
        auto const axis = static_cast<std::uint64_t>(size);
        if (axis != 0 && elements > limit / axis) refuse(tensor, "is larger than its storage");
        elements *= axis;
    }
    return elements;
}

void require_row_major(DescribedTensor const& tensor) {
    if (std::ranges::count(tensor.shape, 0) > 0) return;  // nothing lies anywhere
    std::int64_t step = 1;
    for (auto i = tensor.shape.size(); i-- > 0;) {
        if (tensor.shape[i] > 1 && tensor.strides[i] != step) {
            refuse(tensor, "does not lie in one piece: save a contiguous copy");
        }
        step *= std::max<std::int64_t>(tensor.shape[i], 1);
    }
}

ArchivedTensor resolved(DescribedTensor const& tensor, base::ByteSpan storage) {
    auto const size = size_of(tensor.type);
    auto const held = storage.size() / size;
    if (static_cast<std::uint64_t>(tensor.storage_elements) > held) {
        refuse(tensor, "names a storage larger than the file's");
    }
    auto const elements = elements_of(tensor, held);
    require_row_major(tensor);
    auto const begin = static_cast<std::uint64_t>(tensor.offset);
    if (!base::holds(held, begin, elements)) refuse(tensor, "ends outside of its storage");
    return {tensor.name, tensor.type, tensor.shape, storage.subspan(begin * size, elements * size)};
}

}  // namespace

std::size_t size_of(ElementType type) {
    switch (type) {
        case ElementType::float64:
        case ElementType::int64:
            return 8;
        case ElementType::float32:
        case ElementType::int32:
            return 4;
        case ElementType::float16:
        case ElementType::bfloat16:
        case ElementType::int16:
            return 2;
        case ElementType::int8:
        case ElementType::uint8:
        case ElementType::boolean:
            break;
    }
    return 1;
}

std::vector<ArchivedTensor> tensors_of(base::ByteSpan file) {
    auto const parts = zip_parts(file);
    auto const folder = folder_of(parts);
    auto const pickle = parts.at(folder + std::string(pickle_name));
    if (pickle.size() > longest_pickle) throw std::invalid_argument("its pickle is too long");
    if (auto const order = parts.find(folder + "/byteorder");
        order != parts.end() && order->second.size() == std::string_view("big").size()) {
        throw std::invalid_argument("it was written on a big-endian machine");
    }
    std::vector<ArchivedTensor> tensors;
    for (auto const& tensor : tensors_of_pickle(pickle)) {
        auto const storage = parts.find(folder + "/data/" + tensor.storage);
        if (storage == parts.end()) refuse(tensor, "has no storage in the file");
        tensors.push_back(resolved(tensor, storage->second));
    }
    return tensors;
}

TorchArchive::TorchArchive(std::filesystem::path const& path) : file_(path) {
    try {
        tensors_ = tensors_of(file_.bytes());
    } catch (std::invalid_argument const& fault) {
        base::fail(base::ExitCode::bad_input, "'{}' cannot be imported: {}",
                   base::printable(path.string()), fault.what());
    }
}

}  // namespace tessera::archive
