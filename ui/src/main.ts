import './app/theme.css';
import './app/base.css';
import './app/theme.svelte';
import { mount } from 'svelte';
import App from './app/App.svelte';

mount(App, { target: document.getElementById('app') as HTMLElement });
