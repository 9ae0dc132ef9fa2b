#include <fmt/ranges.h>

#include <tessera/base/error.hpp>
#include <tessera/train/loop_config.hpp>

namespace tessera::train {

void describe(base::OptionTable& options, LoopConfig& config) {
    options.section("train")
        .add("store", config.store, "token store to learn from (a folder made by preprocess)")
        .add("run", config.run, "folder of the run; an unfinished run in it goes on")
        .add("seed", config.seed,
             "seed of weights, order, masks and dropout; equal seeds, equal runs")
        .add("micro_batch_size", config.micro_batch_size, "sequences in one forward pass of a rank")
        .add("global_batch_size", config.global_batch_size,
             "sequences a step over all ranks; a multiple of micro_batch_size")
        .add("train_iters", config.train_iters, "steps of the whole run")
        .add("lr", config.lr, "highest learning rate")
        .add("min_lr", config.min_lr, "learning rate at the end")
        .add("lr_warmup_fraction", config.lr_warmup_fraction,
             "share of the steps in which the learning rate climbs from 0")
        .add("lr_decay_style", config.lr_decay_style, "shape of the way down",
             {"constant", "linear", "cosine"})
        .add("optimizer", config.optimizer,
             "adamw; lamb: its step scaled to the norm of each matrix, for batches beyond 8,000",
             {"adamw", "lamb"})
        .add("weight_decay", config.weight_decay,
             "decoupled decay of matrices, not of biases and norms (the reference: 0)")
        .add("adam_beta1", config.adam_beta1, "decay of the first moment")
        .add("adam_beta2", config.adam_beta2, "decay of the second moment")
        .add("adam_eps", config.adam_eps, "added to the root of the second moment")
        .add("adam_bias_correction", config.adam_bias_correction,
             "correct young moments (Kingma and Ba 2015; the reference: false)")
        .add("clip_grad", config.clip_grad, "largest norm of the whole gradient; 0: never clip")
        .add("reduction", config.reduction,
             "sum of gradients: tree gives the same bits on 1, 2, 4, .. ranks of as many threads "
             "each and wants powers of two; auto: tree where it fits",
             {"auto", "tree", "sum"})
        .add("overlap", config.overlap,
             "sum gradients in buckets while the backward pass goes on; auto: between GPUs",
             {"auto", "on", "off"})
        .add("device", config.device,
             "what trains, one GPU a rank; auto: GPUs where every rank finds one",
             {"auto", "cpu", "cuda"})
        .add("precision", config.precision,
             "type that products compute in, over master weights in fp32; auto: fp32 on CPUs, "
             "measured on GPUs at the first start",
             {"auto", "fp32", "bf16", "fp16"})
        .add("log_interval", config.log_interval, "steps between two lines of metrics")
        .add("eval_interval", config.eval_interval, "steps between two validations; 0: none")
        .add("eval_iters", config.eval_iters, "global batches of one validation; 0: all there are")
        .add("save_interval", config.save_interval, "steps between two checkpoints")
        .add("keep_last", config.keep_last, "newest checkpoints that stay, at least 2")
        .add("keep_every", config.keep_every, "checkpoints at multiples of this stay too; 0: none")
        .add("threads", config.threads,
             "threads of one rank; 0: OMP_NUM_THREADS, else its processors shared among ranks")
        .add("check_replicas_interval", config.check_replicas_interval,
             "steps between two comparisons of the weights of all ranks; 0: none")
        .add("hang_limit", config.hang_limit,
             "seconds without a sign of life after which a rank counts as lost and the job ends; "
             "0: never")
        .add("any_build", config.any_build,
             "go on with a run of another build of this program: the same settings, perhaps not "
             "the same bits");
}

namespace {

class Faults {
  public:
    void require(bool holds, std::string fault) {
        if (!holds) lines_.push_back(std::move(fault));
    }
    void raise() const {
        base::validate(lines_.empty(), base::ExitCode::usage, "{}", fmt::join(lines_, "; "));
    }

  private:
    std::vector<std::string> lines_;
};

}  // namespace

void check(LoopConfig const& config, int ranks) {
    Faults faults;
    faults.require(!config.store.empty(), "--store is missing: the token store to learn from");
    faults.require(!config.run.empty(), "--run is missing: the folder for the run");
    faults.require(config.micro_batch_size > 0, "micro_batch_size must be positive");
    faults.require(config.micro_batch_size > 0 && config.global_batch_size > 0 &&
                       config.global_batch_size % config.micro_batch_size == 0,
                   "global_batch_size must be a positive multiple of micro_batch_size");
    faults.require(config.micro_batch_size <= 0 || config.micro_batches() >= ranks,
                   fmt::format("{} ranks want at least as many micro-batches a step: raise "
                               "global_batch_size or lower micro_batch_size",
                               ranks));
    faults.require(config.train_iters > 0, "train_iters must be positive");
    faults.require(config.lr > 0 && config.min_lr >= 0 && config.min_lr <= config.lr,
                   "lr must be positive and min_lr between 0 and lr");
    faults.require(config.lr_warmup_fraction >= 0 && config.lr_warmup_fraction <= 1,
                   "lr_warmup_fraction must lie between 0 and 1");
    faults.require(config.weight_decay >= 0 && config.clip_grad >= 0 && config.adam_eps > 0,
                   "weight_decay and clip_grad must not be negative, adam_eps must be positive");
    faults.require(config.adam_beta1 >= 0 && config.adam_beta1 < 1 && config.adam_beta2 >= 0 &&
                       config.adam_beta2 < 1,
                   "adam_beta1 and adam_beta2 must lie in [0, 1)");
    faults.require(config.log_interval > 0 && config.save_interval > 0 &&
                       config.eval_interval >= 0 && config.eval_iters >= 0 &&
                       config.check_replicas_interval >= 0,
                   "log_interval and save_interval must be positive, the others not negative");
    faults.require(config.keep_last >= 2 && config.keep_every >= 0,
                   "keep_last must be at least 2, keep_every not negative");
    faults.require(config.threads >= 0 && config.hang_limit >= 0,
                   "threads and hang_limit must not be negative");
    faults.raise();
}

}  // namespace tessera::train
