"""Learning rates, weight decay and schedules of a run as text, to compare a resumed run with its config."""

from inspect import signature

from mmengine.optim import OptimWrapper
from mmengine.optim.scheduler.param_scheduler import _ParamScheduler


def schedules(schedulers: list | dict | None) -> list[str]:
    """Return the settings of each schedule that is built, as text."""
    built = [schedule for schedule in schedulers or [] if isinstance(schedule, _ParamScheduler)]
    texts = []
    for schedule in built:
        settings = {name: getattr(schedule, name, None) for name in signature(type(schedule)).parameters}
        shown = [f'{name}={value}' for name, value in settings.items() if isinstance(value, int | float | str)]
        texts.append(f'{type(schedule).__name__}({", ".join(shown)})')
    return texts


def rates(optim_wrapper: OptimWrapper | dict) -> list[str]:
    """Return the learning rate, before any schedule, and the weight decay of each group, as text; [] of a config."""
    if not isinstance(optim_wrapper, OptimWrapper):
        return []
    return [
        f'lr {group.get("initial_lr", group["lr"]):.4g} with weight decay {group.get("weight_decay", 0):.4g}'
        for group in optim_wrapper.param_groups
    ]
