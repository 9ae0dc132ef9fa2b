#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <tessera/base/bytes.hpp>
#include <tessera/base/mapped_file.hpp>

namespace tessera::archive {

/// Element types a PyTorch checkpoint may hold.
enum class ElementType {
    float64,
    float32,
    float16,
    bfloat16,
    int64,
    int32,
    int16,
    int8,
    uint8,
    boolean
};

/// Bytes of one element.
std::size_t size_of(ElementType type);

/// One tensor of a checkpoint, row-major without gaps.
struct ArchivedTensor {
    std::string name;
    ElementType type = ElementType::float32;
    std::vector<std::int64_t> shape;
    base::ByteSpan bytes;  ///< little-endian elements; of the archive's memory
};

/// The tensors of a checkpoint that PyTorch's `torch.save(state_dict)` wrote (a zip file with a
/// pickle in it, PyTorch 1.6 and later), e.g. the .bin files of UER and ET-BERT. Such a pickle is a
/// program; here it is only looked at: names, numbers, tuples, dictionaries and tensors are
/// understood, and anything that would call a function is refused. Every length is checked against
/// the file before it is used, every part against its CRC-32. Tensors under the keys "model",
/// "state_dict" or "model_state_dict" of a dictionary are found too.
class TorchArchive {
  public:
    /// Error(bad_input) names the file and the fault.
    explicit TorchArchive(std::filesystem::path const& path);

    std::vector<ArchivedTensor> const& tensors() const { return tensors_; }

  private:
    base::MappedFile file_;
    std::vector<ArchivedTensor> tensors_;
};

/// The same for bytes in memory, which outlive the result; std::invalid_argument says the fault.
std::vector<ArchivedTensor> tensors_of(base::ByteSpan file);

}  // namespace tessera::archive
