import { Gauge, type Registry } from "prom-client";

/** A gauge that shows rows as they were last told, or nothing at all. */
export type ShownGauge<Label extends string = never> = {
  /** Shows these rows and no others. */
  show(rows: (Record<Label, string> & { value: number })[]): void;
  /** Shows nothing: what is not known is no zero. */
  hide(): void;
};

/** What makes them. */
export function openGauges(registry: Registry) {
  return <Label extends string = never>(
    name: string,
    help: string,
    labelNames: Label[] = [],
  ): ShownGauge<Label> => {
    const gauge = new Gauge<string>({ name: `latchkey_${name}`, help, labelNames, registers: [registry] });
    const hide = () => {
      gauge.reset();
      // One without labels would go on as a zero.
      if (labelNames.length === 0) gauge.remove({});
    };
    hide();
    return {
      hide,
      show(rows) {
        hide();
        for (const { value, ...labels } of rows) gauge.set(labels, value);
      },
    };
  };
}
