export { asked, type Dashboard, type Panel, type PanelQuery } from "./dashboard";
export { grafanaDashboard } from "./grafana";
export { dashboards } from "./pages";
