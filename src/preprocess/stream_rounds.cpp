#include "rounds.hpp"

#include <utility>

namespace tessera::preprocess {

namespace {

class StreamRounds final : public Rounds {
  public:
    StreamRounds(comm::Communicator const& comm, PreprocessConfig const& config,
                 capture::CaptureFile const& file)
        : comm_(comm) {
        if (comm.is_root()) reader_ = capture::open_capture(file.path, config.capture);
    }

    std::uint64_t read(PacketPost& post) override {
        constexpr std::uint64_t enough = std::uint64_t{4} << 20U;  // bytes posted in a round
        constexpr int packets_between_looks = 1024;
        if (!reader_) return 0;
        packet::Frame frame;
        more_ = true;
        while (more_ && post.bytes() < enough) {
            for (int i = 0; i < packets_between_looks && more_; ++i) {
                more_ = reader_->next(frame);
                if (more_) post.take(frame);
            }
        }
        post.end_chunk();
        return reader_->position() - std::exchange(told_, reader_->position());
    }

    bool settle(PacketPost&) override {
        return comm::all_reduce(comm_, std::int64_t{more_ ? 1 : 0}, comm::Op::max) != 0;
    }

    std::optional<capture::ReadFault> fault() const override {
        return reader_ ? reader_->fault() : std::nullopt;
    }

  private:
    comm::Communicator const& comm_;
    std::unique_ptr<capture::CaptureReader> reader_;  // null but on rank 0
    bool more_ = false;
    std::uint64_t told_ = 0;
};

}  // namespace

std::unique_ptr<Rounds> stream_rounds(comm::Communicator const& comm,
                                      PreprocessConfig const& config,
                                      capture::CaptureFile const& file) {
    return std::make_unique<StreamRounds>(comm, config, file);
}

}  // namespace tessera::preprocess
