#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <tessera/archive/torch_archive.hpp>
#include <tessera/base/bytes.hpp>

namespace tessera::archive {

/// A tensor as a pickle describes it: a view of a storage that lies in a part of its own.
struct DescribedTensor {
    std::string name;
    ElementType type = ElementType::float32;
    std::string storage;  ///< key: the part data/<key>
    std::int64_t storage_elements = 0;
    std::int64_t offset = 0;  ///< elements
    std::vector<std::int64_t> shape;
    std::vector<std::int64_t> strides;  ///< elements
};

/// The tensors of the dictionary that a pickle (protocol 2 to 4) builds. Nothing is run: the pickle
/// machine here knows values and three names (an ordered dictionary, a tensor, a parameter), see
/// TorchArchive. std::invalid_argument says the fault and its byte.
std::vector<DescribedTensor> tensors_of_pickle(base::ByteSpan pickle);

}  // namespace tessera::archive
